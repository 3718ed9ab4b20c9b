import type { SignalingClient } from '../signaling/SignalingClient.ts';
import type { MediaServerAddress } from '../signaling/types.ts';
import { type ConnectMediaOptions, connectMedia } from './connectMedia.ts';
import type { MediaConnection } from './MediaConnection.ts';

/** Connects to the media servers that the controller named last: they may be replaced while the session is being made. */
export async function connectToLatest(
  signaling: SignalingClient,
  named: readonly MediaServerAddress[],
  options: ConnectMediaOptions,
): Promise<MediaConnection> {
  for (let servers = named; ; ) {
    const tried = servers;
    const { promise: changed, resolve } = Promise.withResolvers<undefined>();
    const stop = signaling.on('mediaServerChanged', (latest) => {
      servers = latest;
      resolve(undefined);
    });
    const connecting = connectMedia(tried, options);
    try {
      const connection = await Promise.race([connecting, changed]);
      if (connection !== undefined && servers === tried) return connection;
    } catch (error) {
      if (servers === tried) throw error;
    } finally {
      stop();
    }
    connecting.then(
      (connection) => connection.close(),
      () => undefined,
    );
  }
}
