// Runs in Deno: keeps a media session over a rotation, and tries which certificate new sessions get.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { certificateHashBytes } from '../../../client/core/api/certificateHash.ts';
import { MediaConnection, systemTimers } from '../../../client/core/index.ts';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { sessionTransport } from '../../support/sessionTransport.ts';
import type { RotationEvent, RotationPlan } from './plan.ts';

const RETRY_MS = 100;

function emit(event: RotationEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Whether the server shows the certificate of this hash. */
async function isShown(url: string, hash: string): Promise<boolean> {
  try {
    const certificateHashes = [certificateHashBytes(hash)];
    const session = await dialSession({ url, certificateHashes, limits: DEFAULT_TRANSPORT_LIMITS });
    session.close(0, 'Seen');
    return true;
  } catch {
    return false;
  }
}

const { promise, resolve } = Promise.withResolvers<RotationPlan>();
createInterface({ input: process.stdin }).once('line', (line) => resolve(JSON.parse(line) as RotationPlan));
const { url, connectionToken, hashes } = await promise;
const [shown, next] = hashes;
const media = new MediaConnection({
  transport: sessionTransport(
    dialSession({
      url,
      certificateHashes: hashes.map(certificateHashBytes),
      limits: DEFAULT_TRANSPORT_LIMITS,
    }),
  ),
  clock: systemClock,
  timers: systemTimers,
  log: silentLogger,
  timeoutMs: 5_000,
});
await media.connect(connectionToken);
emit({ type: 'ready', nextIsShown: await isShown(url, next) });
while (!(await isShown(url, next))) await new Promise((retry) => setTimeout(retry, RETRY_MS));
const oldIsShown = await isShown(url, shown);
const before = media.roundTripMs;
while (media.state === 'ready' && media.roundTripMs === before)
  await new Promise((retry) => setTimeout(retry, RETRY_MS));
emit({ type: 'rotated', oldIsShown, state: media.state, answers: media.roundTripMs !== before });
media.close();
process.exit(0);
