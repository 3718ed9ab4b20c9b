// Hostile signaling messages for a meeting controller with real parts on paired sessions: from strangers and from participants,
// hosts among them, each session for as long as it is let.
import { type ClientMessageInit, frameClientMessage, signaling } from '../../../shared/signaling/messages.ts';
import type { TestClient } from '../../unit/controller/support/TestClient.ts';
import { TestMeeting } from '../../unit/controller/support/TestMeeting.ts';
import { hostileInput, Random } from '../shared/inputs.ts';

const MAX_NOISE_BYTES = 400;
/** Time between two messages, as much as a participant may send for long. */
const MESSAGE_INTERVAL_MS = 10;
/** Of the loop: what needs more of them than one, such as a join, meets the messages behind it. */
const SETTLING_TURNS = 20;
const MESSAGES_BETWEEN_SETTLING = 16;
/** A session ends by itself after about so many: one whose framing is lost says nothing any more. */
const MESSAGES_PER_SESSION = 15;
/** One session in this many never joins. */
const STRANGER_SHARE = 4;
/** What a session may end with. */
const CLOSE_CODES = [0, 4400, 4401, 4403, 4404, 4408, 4409, 4429];

/** What a participant sends, if it is who it should be: the stream is the witness's. */
function payloads(userId: number, streamId: number): ClientMessageInit[] {
  return [
    { join: { joinToken: 'eyJhbGciOiJFZERTQSJ9.e30.AAAA', clientName: 'fuzz' } },
    { leave: {} },
    { publishStream: { info: { kind: signaling.MediaKind.VIDEO, codec: 'vp8', width: 640, height: 360 } } },
    { publishStream: { info: { kind: signaling.MediaKind.AUDIO, codec: 'opus', spatialLayer: 7 } } },
    { unpublishStream: { streamId: 1 } },
    { subscribeStream: { userId, streamId } },
    { subscribeStream: { userId: 0xffff_ffff, streamId: 9 } },
    { unsubscribeStream: { userId, streamId } },
    { mute: { audioMuted: true, videoMuted: false } },
    { hostMute: { userId, audioMuted: true } },
    { heartbeat: { sentAtMs: 1 } },
  ];
}

export interface SignalingStorm {
  /** That the messages took: one that breaks a rule ends its session. */
  readonly sessions: number;
  /** A sentence for each thing that was not as it should be. */
  readonly faults: readonly string[];
}

export async function signalingStorm(seed: number, messages: number): Promise<SignalingStorm> {
  const test = await TestMeeting.start();
  const witness = await test.joined();
  const valid = payloads(witness.userId, await witness.publish());
  const random = new Random(seed);
  const faults: string[] = [];
  let sessions = 0;
  let mallory: TestClient | undefined;
  for (let sent = 1; sent <= messages; sent++) {
    if (mallory === undefined || mallory.closed !== undefined) {
      if (mallory?.closed !== undefined && !CLOSE_CODES.includes(mallory.closed.code ?? -1))
        faults.push(`Message ${sent} ended a session with ${mallory.closed.code}: ${mallory.closed.reason}`);
      sessions++;
      mallory =
        random.below(STRANGER_SHARE) === 0
          ? await test.opened()
          : await test.joined(random.below(2) === 0 ? { role: 'host' } : {});
    }
    test.clock.advance(MESSAGE_INTERVAL_MS);
    const message = frameClientMessage({ ...random.pick(valid), sequence: sent + 1 });
    const bytes = random.below(2) === 0 ? message : hostileInput(random, [message], MAX_NOISE_BYTES);
    await mallory.write(bytes).catch(() => undefined);
    if (random.below(MESSAGES_PER_SESSION) === 0) mallory.session.close(0, 'next');
    await turns(sent % MESSAGES_BETWEEN_SETTLING === 0 ? SETTLING_TURNS : 1);
  }
  mallory?.session.close(0, 'done');
  await turns();
  await test.controller.settled();
  faults.push(...(await aftermath(test, witness)));
  witness.session.close(0, 'done');
  await turns();
  return { sessions, faults };
}

/** The one who did nothing is there, and what the others made is gone. */
async function aftermath(test: TestMeeting, witness: TestClient): Promise<string[]> {
  if (witness.closed !== undefined) return [`A bystander was closed with ${witness.closed.code}`];
  const faults: string[] = [];
  if ((await witness.request({ heartbeat: {} })).payload !== 'heartbeat')
    faults.push('A bystander has no answer');
  // Notices of who left are gathered for a moment. A host's mute tells it of itself, too.
  await witness.until(() => [...witness.roster.keys()].every((userId) => userId === witness.userId));
  if (test.controller.sessions !== 1) faults.push(`${test.controller.sessions} sessions are left`);
  const { routers, transports, producers, consumers } = test.plane.totals;
  if (routers !== 1 || transports !== 1 || producers !== 1 || consumers !== 0)
    faults.push(`At the media handler are left: ${JSON.stringify(test.plane.totals)}`);
  const errors = test.logged.filter(({ level }) => level === 'error');
  if (errors.length > 0) faults.push(`Errors were logged: ${JSON.stringify(errors.slice(0, 3))}`);
  return faults;
}

async function turns(count: number = SETTLING_TURNS): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
