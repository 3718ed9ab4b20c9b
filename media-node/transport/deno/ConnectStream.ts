// The stream that a session lives on: header sections at its beginning, close capsules at its end (RFC 9220,
// draft-ietf-webtrans-http3 §3, §6).

import { ConnectStreamReader } from '../h3/ConnectStreamReader.ts';
import { type CloseCapsule, encodeCloseCapsule } from '../h3/capsule.ts';
import { FrameType } from '../h3/constants.ts';
import { encodeTlv } from '../h3/encodeTlv.ts';
import type { H3Fault } from '../h3/fault.ts';
import type { Field } from '../h3/qpack.ts';
import type { QuicReceiver } from './QuicReceiver.ts';
import type { QuicSender } from './QuicSender.ts';
import { isStreamError } from './streamError.ts';

/** How the peer's side of the stream ended. */
export type ConnectStreamEnd =
  | { readonly kind: 'closed'; readonly close: CloseCapsule }
  | { readonly kind: 'reset' }
  | { readonly kind: 'fault'; readonly fault: H3Fault }
  /** Not the stream but the connection ended; who knows how is `QuicConnection.closed`. */
  | { readonly kind: 'connection' };

export class ConnectStream {
  readonly receiver: QuicReceiver;
  readonly sender: QuicSender;
  readonly #fields = Promise.withResolvers<readonly Field[] | undefined>();
  readonly #end = Promise.withResolvers<ConnectStreamEnd>();
  readonly #finished = Promise.withResolvers<void>();

  constructor(receiver: QuicReceiver, sender: QuicSender) {
    this.receiver = receiver;
    this.sender = sender;
    void this.#read();
  }

  /** The peer's header section; undefined when the stream ended first. */
  get fields(): Promise<readonly Field[] | undefined> {
    return this.#fields.promise;
  }

  /** Resolves when the peer closed the session, or cannot any more. */
  get end(): Promise<ConnectStreamEnd> {
    return this.#end.promise;
  }

  /** Resolves when nothing more comes from the peer, so that the connection can be closed without losing anything. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async #read(): Promise<void> {
    let close: CloseCapsule = { code: 0, reason: '' };
    const reader = new ConnectStreamReader({
      onFields: (fields) => this.#fields.resolve(fields),
      onClose: (capsule) => {
        close = capsule;
        this.#end.resolve({ kind: 'closed', close });
      },
    });
    try {
      for (;;) {
        const chunk = await this.receiver.read();
        const fault = chunk === undefined ? reader.end() : reader.push(chunk);
        if (fault !== undefined) {
          this.#end.resolve({ kind: 'fault', fault });
          break;
        }
        if (chunk !== undefined) continue;
        // An end without a capsule is a close without a code (draft-ietf-webtrans-http3 §6).
        this.#end.resolve({ kind: 'closed', close });
        break;
      }
    } catch (error) {
      this.#end.resolve({ kind: isStreamError(error) ? 'reset' : 'connection' });
    }
    this.#fields.resolve(undefined);
    this.#finished.resolve();
  }

  /** Tells the peer that the session ends, and ends our side of the stream. */
  async sendClose(close: CloseCapsule): Promise<void> {
    await this.sender.write(encodeTlv(FrameType.data, encodeCloseCapsule(close)));
    await this.sender.close();
  }
}
