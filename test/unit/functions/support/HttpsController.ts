// A meeting controller as the global controller meets it on the network: HTTPS with its own certificate, tokens checked,
// assignments held and fenced by generation. Its temper can be changed.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SigningKeys } from '../../../../functions/token/SigningKeys.ts';
import { createCertificate, type NodeCertificate } from '../../../../media-node/agent/certificate.ts';
import { controllerPaths } from '../../../../shared/api/paths.ts';
import { systemClock } from '../../../../shared/base/clock.ts';
import { controlPlane as messages } from '../../../../shared/control-plane/messages.ts';
import { controllerAudience, verifyNodeToken } from '../../../../shared/token/nodeToken.ts';
import { keySetResolver } from '../../../../shared/token/signingKey.ts';
import { controllerRegistration } from './ControlPlane.ts';

export type Temper = 'accepts' | 'rejects' | 'hangs' | 'dies';

export interface HeldAssignment {
  readonly generation: number;
  readonly handlerIds: readonly string[];
}

export interface HttpsControllerOptions {
  readonly id: string;
  readonly signingKeys: SigningKeys;
  /** Time at which tokens are checked. */
  readonly now: () => Date;
}

export class HttpsController {
  readonly id: string;
  temper: Temper = 'accepts';
  asked = 0;
  /** Runs when it has answered a question for itself, and before the answer leaves. */
  beforeAnswer: (body: Uint8Array) => Promise<void> = async () => undefined;
  connections = 0;
  /** Assignment held of each meeting; the handlers of a generation are those that it was given first. */
  readonly held = new Map<string, HeldAssignment>();
  readonly #options: HttpsControllerOptions;
  readonly #server: Server;
  readonly #certificate: NodeCertificate;

  private constructor(options: HttpsControllerOptions, certificate: NodeCertificate) {
    this.id = options.id;
    this.#options = options;
    this.#certificate = certificate;
    this.#server = createServer(
      { cert: certificate.certificatePem, key: certificate.privateKeyPem },
      (request, response) => {
        // Whoever asked has gone meanwhile.
        this.#handle(request, response).catch(() => response.destroy());
      },
    );
    this.#server.on('secureConnection', () => this.connections++);
  }

  static async start(options: HttpsControllerOptions): Promise<HttpsController> {
    const certificate = await createCertificate(['127.0.0.1'], systemClock.epochMs());
    const controller = new HttpsController(options, certificate);
    controller.#server.listen(0, '127.0.0.1');
    await once(controller.#server, 'listening');
    return controller;
  }

  get registration() {
    const { port } = this.#server.address() as AddressInfo;
    return controllerRegistration(this.id, {
      internal_url: `https://127.0.0.1:${port}`,
      certificate_hashes: [this.#certificate.hash],
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (this.temper === 'hangs') return;
    if (this.temper === 'dies') return void request.socket.destroy();
    const authorized = await this.#authorized(request.headers.authorization);
    if (!authorized) return void response.writeHead(401).end();
    const answer = this.#answer(request.url ?? '', Buffer.concat(chunks));
    await this.beforeAnswer(Buffer.concat(chunks));
    response.writeHead(answer === undefined ? 409 : 200).end(answer);
  }

  async #authorized(authorization: string | undefined): Promise<boolean> {
    const keys = keySetResolver(this.#options.signingKeys.publicKeys());
    const token = authorization?.replace('Bearer ', '') ?? '';
    return (await verifyNodeToken(token, keys, controllerAudience(this.id), this.#options.now())).ok;
  }

  /** The body of the answer; undefined refuses a generation that is over. */
  #answer(path: string, body: Uint8Array): Uint8Array | undefined {
    if (path === controllerPaths.endMeeting) {
      const { meeting_id, generation } = messages.EndMeeting.decode(body);
      const held = this.held.get(meeting_id);
      if (held !== undefined && generation < held.generation) return undefined;
      return messages.EndMeetingAnswer.encode({ ended: this.held.delete(meeting_id) }).finish();
    }
    this.asked++;
    if (this.temper === 'rejects') {
      const rejection = messages.Rejection.AT_CAPACITY;
      return messages.AssignMeetingAnswer.encode({ accepted: false, rejection }).finish();
    }
    const { meeting_id, generation, media_handlers } = messages.AssignMeeting.decode(body);
    let held = this.held.get(meeting_id);
    if (held !== undefined && generation < held.generation) return undefined;
    if (held === undefined || generation > held.generation) {
      // Asked for with the primary first.
      held = { generation, handlerIds: media_handlers.map(({ handler_id }) => handler_id ?? '') };
      this.held.set(meeting_id, held);
    }
    const { handlerIds } = held;
    return messages.AssignMeetingAnswer.encode({
      accepted: true,
      generation,
      handler_ids: [...handlerIds],
    }).finish();
  }
}
