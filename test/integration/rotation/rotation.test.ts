// A media node with certificates that live for seconds: they are announced before they are shown, and nobody is dropped.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaNode } from '../../../media-node/agent/MediaNode.ts';
import { routerSchema, transportsSchema } from '../../../shared/api/handler.ts';
import { gcPaths, handlerPaths } from '../../../shared/api/paths.ts';
import { createPinnedClient, type PinnedClient } from '../../../shared/node/pinnedHttps.ts';
import { MEDIA_HANDLER_AUDIENCE, signNodeToken } from '../../../shared/token/nodeToken.ts';
import {
  generateSigningJwk,
  importSigningKey,
  publicKeySet,
  type SigningKey,
} from '../../../shared/token/signingKey.ts';
import { runDenoScript } from '../../support/denoScript.ts';
import { FakeGlobalController } from '../../unit/agent/fixtures/FakeGlobalController.ts';
import { nodeEnvironment, startNode } from '../fixtures/mediaNodes.ts';
import type { RotationEvent, RotationPlan } from './plan.ts';

const LIFETIME_MS = 12_000;

let key: SigningKey;
let globalController: FakeGlobalController;
let client: PinnedClient;
let node: MediaNode;

beforeAll(async () => {
  key = await importSigningKey(await generateSigningJwk());
  globalController = new FakeGlobalController();
  globalController.signingKeysJson = JSON.stringify(publicKeySet([key]));
  const port = await globalController.listen();
  client = createPinnedClient({ timeoutMs: 5_000, maxSockets: 4 });
  node = await startNode(nodeEnvironment(port), { certificateLifetimeMs: LIFETIME_MS });
});
afterAll(async () => {
  await node?.stop('The test is over');
  client.close();
  await globalController.close();
});

/** Hashes of each registration of the handler, in order, without those that say the same again. */
function announced(path: string = gcPaths.mediaHandlers): string[][] {
  const all = globalController.received
    .filter((received) => received.path === path)
    .map(({ message }) => message['certificate_hashes'] as string[]);
  return all.filter((hashes, index) => hashes.join() !== all[index - 1]?.join());
}

async function post(path: string, body: object, certificateHashes: readonly string[]): Promise<unknown> {
  const token = await signNodeToken(key, {
    subject: 'test',
    audience: MEDIA_HANDLER_AUDIENCE,
    issuedAtSeconds: Math.floor(Date.now() / 1_000),
    lifetimeSeconds: 60,
  });
  const answer = await client.request({
    url: node.info.internalUrl + path,
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    certificateHashes,
  });
  return JSON.parse(String(answer.body));
}

async function makeTransport(meetingId: string, hashes: readonly string[]) {
  const router = routerSchema.parse(
    await post(handlerPaths.routers, { meeting_id: meetingId, generation: 1 }, hashes),
  );
  const participants = { transports: [{ participant_id: 'ada', user_id: 1 }] };
  const answer = await post(handlerPaths.transports(router.router_id), participants, hashes);
  const [transport] = transportsSchema.parse(answer).transports;
  if (transport === undefined) throw new Error('The handler answered no transport');
  return transport;
}

describe('certificate rotation', () => {
  it('GC-1 shows a certificate that was announced before, to new sessions, and drops none that exists', async () => {
    const [first] = announced();
    const [shown, next] = first ?? [];
    if (shown === undefined || next === undefined) throw new Error('Two hashes are registered');
    expect(announced(gcPaths.meetingControllers)).toEqual([[shown, next]]);
    const transport = await makeTransport('m1', [shown]);
    expect(transport.certificate_hashes).toEqual([shown, next]);

    const plan: RotationPlan = {
      url: transport.url,
      connectionToken: transport.connection_token,
      hashes: [shown, next],
    };
    const events: RotationEvent[] = [];
    const script = { name: 'rotation', entry: 'test/integration/rotation/client.ts', input: plan };
    await runDenoScript(script, (line) => void events.push(line as RotationEvent));
    expect(events).toEqual([
      { type: 'ready', nextIsShown: false },
      { type: 'rotated', oldIsShown: false, state: 'ready', answers: true },
    ]);

    await expect.poll(() => announced()).toHaveLength(2);
    const afterNext = announced()[1]?.[1] ?? '';
    expect(announced()).toEqual([
      [shown, next],
      [next, afterNext],
    ]);
    await expect.poll(() => announced(gcPaths.meetingControllers)).toHaveLength(2);
    // Who learnt the hashes before the rotation still gets in, over new connections too; the old one alone does not do.
    expect((await makeTransport('m2', [next, shown])).certificate_hashes).toEqual([next, afterNext]);
    client.close();
    client = createPinnedClient({ timeoutMs: 5_000, maxSockets: 4 });
    await expect(makeTransport('m3', [shown])).rejects.toMatchObject({ reason: 'refused_certificate' });
  });
});
