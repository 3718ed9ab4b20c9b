// Runs in Deno: an intruder tries everything that the ledger says is refused, while two others talk undisturbed.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { certificateHashBytes } from '../../../client/core/api/certificateHash.ts';
import {
  ApiClient,
  ConnectionError,
  MediaConnection,
  type OutgoingStream,
  Room,
  SignalingClient,
  systemTimers,
} from '../../../client/core/index.ts';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import {
  DATAGRAM_PREFIX_BYTES,
  DEFAULT_TRANSPORT_LIMITS,
  type MediaSession,
  SendOutcome,
  type SessionClose,
} from '../../../media-node/transport/MediaSession.ts';
import type { JoinAnswerBody } from '../../../shared/api/meeting.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { FrameType, HEADER_BYTES } from '../../../shared/frame/layout.ts';
import { writeFrameHeader, writeUint32 } from '../../../shared/frame/write.ts';
import { decodeMediaServerMessage, mediaSession } from '../../../shared/media-session/messages.ts';
import { encodeFramed, FramedReader, MAX_MESSAGE_BYTES } from '../../../shared/signaling/framing.ts';
import { decodeServerMessage, signaling } from '../../../shared/signaling/messages.ts';
import { sessionTransport } from '../../support/sessionTransport.ts';
import type { RefusalOutcome, RefusalPlan, Refused } from './plan.ts';

const MALFORMED = 500;
const FOREIGN = 500;
const TALK_INTERVAL_MS = 5;
const common = { clock: systemClock, timers: systemTimers, log: silentLogger };

function dial(url: string, certificateHashes: readonly Uint8Array[]) {
  return sessionTransport(dialSession({ url, certificateHashes, limits: DEFAULT_TRANSPORT_LIMITS }));
}

/** Opens a session, sends these bytes on the first bidirectional stream, and reads until the session is closed. */
async function sayAndListen(
  url: string,
  certificateHashes: readonly Uint8Array[],
  bytes: Uint8Array,
  read: (message: Uint8Array) => { code: string; message: string } | undefined,
): Promise<Refused> {
  const session = await dialSession({ url, certificateHashes, limits: DEFAULT_TRANSPORT_LIMITS });
  const closed = listen(session);
  const stream = await session.openBidirectionalStream();
  let said: { code: string; message: string } = { code: '', message: '' };
  const reader = new FramedReader();
  const reading = (async () => {
    for (let chunk = await stream.receive.read(); chunk !== undefined; chunk = await stream.receive.read()) {
      reader.push(chunk, (message) => {
        said = read(message) ?? said;
      });
    }
  })().catch(() => undefined);
  await stream.send.write(bytes).catch(() => undefined);
  const { code } = await closed;
  await reading;
  return { ...said, closeCode: code };
}

function listen(session: MediaSession): Promise<SessionClose> {
  session.setHandlers({
    onDatagram: () => undefined,
    onBidirectionalStream: () => undefined,
    onReceiveStream: () => undefined,
    onClose: () => undefined,
  });
  return session.closed;
}

function readSignalingError(bytes: Uint8Array) {
  const decoded = decodeServerMessage(bytes);
  if (!decoded.ok || !decoded.value.error) return undefined;
  const { code, message } = decoded.value.error;
  return { code: signaling.ErrorCode[code ?? 0] ?? '', message: message ?? '' };
}

function readMediaRefusal(bytes: Uint8Array) {
  const decoded = decodeMediaServerMessage(bytes);
  if (!decoded.ok || !decoded.value.refused) return undefined;
  return { code: decoded.value.refused.code ?? '', message: decoded.value.refused.message ?? '' };
}

function joinMessage(token: string): Uint8Array {
  const message = { sequence: 1, join: { joinToken: token, clientName: 'intruder' } };
  return encodeFramed(signaling.ClientMessage.encode(message).finish());
}

function authMessage(token: string): Uint8Array {
  return encodeFramed(mediaSession.ClientMessage.encode({ auth: { connectionToken: token } }).finish());
}

/** A length over the bound, and the start of a body that is not waited for. */
function oversized(): Uint8Array {
  const bytes = new Uint8Array(1_024);
  writeUint32(bytes, 0, MAX_MESSAGE_BYTES + 1);
  return bytes;
}

const malformed = encodeFramed(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff]));

/** Random, truncated, with wrong lengths, versions, types: none of them a frame. */
function malformedDatagram(index: number): Uint8Array {
  const bytes = crypto.getRandomValues(new Uint8Array(1 + (index % 200)));
  bytes[0] = index % 2 === 0 ? 1 : 9;
  if (bytes.length > 1) bytes[1] = 0x7f;
  return bytes;
}

function frameOf(userId: number, streamId: number, sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + 100);
  writeFrameHeader(bytes, 0, {
    type: FrameType.audio,
    userId,
    streamId,
    timestampUs: Date.now() * 1_000,
    sequence,
    payloadLength: 100,
    flags: 1,
    spatialLayer: 0,
    temporalLayer: 0,
    fragmentIndex: 0,
    hopCount: 0,
    baseFrame: 0,
  });
  return bytes;
}

/** Hands the datagram to the engine, waiting while too many are on their way to it. */
async function send(session: MediaSession, payload: Uint8Array): Promise<void> {
  const bytes = new Uint8Array(DATAGRAM_PREFIX_BYTES + payload.length);
  bytes.set(payload, DATAGRAM_PREFIX_BYTES);
  while (session.sendDatagram(bytes, DATAGRAM_PREFIX_BYTES) === SendOutcome.congested) await pause(1);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits for two more answers to the SDK's own pings: the second was sent after everything before this call. */
async function twoPongs(media: MediaConnection): Promise<void> {
  for (let remaining = 2, before = media.roundTripMs; remaining > 0; await pause(10)) {
    if (media.roundTripMs === before) continue;
    before = media.roundTripMs;
    remaining--;
  }
}

async function run(plan: RefusalPlan): Promise<RefusalOutcome> {
  const api = new ApiClient({ apiUrl: plan.url });
  const { meeting_id: meetingId } = await api.createMeeting({ displayName: 'Undisturbed' });
  const speaker = await Room.join({
    apiUrl: plan.url,
    meetingId,
    displayName: 'Speaker',
    transport: dial,
    ...common,
  });
  const listener = await Room.join({
    apiUrl: plan.url,
    meetingId,
    displayName: 'Listener',
    transport: dial,
    ...common,
  });
  const outgoing = await speaker.publish(
    { kind: 'audio', source: 'microphone', codec: 'opus' },
    { mode: 'datagram' },
  );
  let received = 0;
  await listener.subscribe(speaker.self.userId, outgoing.streamId, { onDatagram: () => void received++ });
  const talking = setInterval(() => talk(outgoing), TALK_INTERVAL_MS);

  const answer = await api.joinMeeting(meetingId, { displayName: 'Intruder' });
  const at = (bytes: Uint8Array) => signal(answer, bytes);
  const refused = {
    wrongToken: await at(joinMessage(`${answer.join_token.slice(0, -6)}AAAAAA`)),
    expiredToken: await at(joinMessage(plan.expiredToken)),
    endedMeeting: await at(joinMessage(plan.endedMeetingToken)),
    signalingOversized: await at(oversized()),
    signalingMalformed: await at(malformed),
    fullMeeting: await joinFull(api, plan),
    ...(await mediaRefusals(answer)),
  };

  const thrown = await throwDatagrams(api, plan, meetingId, speaker.self.userId, outgoing.streamId);

  clearInterval(talking);
  const sent = outgoing.stats.datagramsSent;
  for (let tries = 0; received < sent && tries < 100; tries++) await pause(20);
  const stillConnected = !speaker.ended && !listener.ended;
  await Promise.all([speaker.leave(), listener.leave()]);
  return { refused, thrown, bystanders: { sent, received, stillConnected } };
}

function talk(outgoing: OutgoingStream): void {
  outgoing.send({
    type: FrameType.audio,
    timestampUs: Date.now() * 1_000,
    payload: new Uint8Array(200),
    temporalLayer: 0,
    discardable: false,
  });
}

function signal(answer: JoinAnswerBody, bytes: Uint8Array): Promise<Refused> {
  const hashes = answer.certificate_hashes.map(certificateHashBytes);
  return sayAndListen(answer.meeting_controller_url, hashes, bytes, readSignalingError);
}

async function joinFull(api: ApiClient, plan: RefusalPlan): Promise<Refused> {
  const { meeting_id: meetingId } = await api.createMeeting({ maxParticipants: 1 });
  const only = await Room.join({
    apiUrl: plan.url,
    meetingId,
    displayName: 'Only',
    transport: dial,
    ...common,
  });
  const answer = await api.joinMeeting(meetingId, { displayName: 'One too many' });
  const refused = await signal(answer, joinMessage(answer.join_token));
  await only.leave();
  return refused;
}

/** Joins as the intruder, then misuses its own media server: wrong token, used token, bytes over the bound, garbage. */
async function mediaRefusals(answer: JoinAnswerBody) {
  const hashes = answer.certificate_hashes.map(certificateHashBytes);
  const client = new SignalingClient({
    transport: dial(answer.meeting_controller_url, hashes),
    requestTimeoutMs: 5_000,
    ...common,
  });
  const joined = await client.join(answer.join_token, 'intruder');
  const [server] = joined.mediaServers;
  if (server === undefined) throw new Error('The join answer names no media server');
  const at = (bytes: Uint8Array) =>
    sayAndListen(server.url, server.certificateHashes, bytes, readMediaRefusal);
  const mediaWrongToken = await at(authMessage(`${server.connectionToken.slice(0, -6)}AAAAAA`));
  const mediaOversized = await at(oversized());
  const mediaMalformed = await at(malformed);
  const media = new MediaConnection({
    transport: dial(server.url, server.certificateHashes),
    timeoutMs: 5_000,
    ...common,
  });
  await media.connect(server.connectionToken);
  const mediaSecondUse = await at(authMessage(server.connectionToken));
  if (media.state !== 'ready')
    throw new ConnectionError('lost', 'The first use of the token was disturbed by the second');
  media.close();
  await client.leave();
  return { mediaWrongToken, mediaSecondUse, mediaOversized, mediaMalformed };
}

/** Throws malformed frames and frames in the speaker's name at the handler, as a participant who was let in. */
async function throwDatagrams(
  api: ApiClient,
  plan: RefusalPlan,
  meetingId: string,
  userId: number,
  streamId: number,
) {
  let session: MediaSession | undefined;
  const room = await Room.join({
    apiUrl: plan.url,
    meetingId,
    displayName: 'Thrower',
    ...common,
    transport: (url, certificateHashes) => {
      const dialing = dialSession({ url, certificateHashes, limits: DEFAULT_TRANSPORT_LIMITS });
      // The last one dialled is the media session.
      void dialing.then((opened) => {
        session = opened;
      });
      return sessionTransport(dialing);
    },
  });
  if (session === undefined) throw new Error('There is no media session');
  for (let index = 0; index < MALFORMED + FOREIGN; index++) {
    await send(session, index < MALFORMED ? malformedDatagram(index) : frameOf(userId, streamId, index));
    if (index % 20 === 0) await pause(1);
  }
  // Pings follow on the same path: what was sent before them has been dealt with, and the thrower is still served.
  await twoPongs(room.media);
  await room.publish({ kind: 'audio', source: 'microphone', codec: 'opus' });
  await api.getMeeting(meetingId);
  await room.leave();
  return { malformed: MALFORMED, notSendersStream: FOREIGN };
}

for await (const line of createInterface({ input: process.stdin })) {
  const outcome = await run(JSON.parse(line) as RefusalPlan);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  break;
}
process.exit(0);
