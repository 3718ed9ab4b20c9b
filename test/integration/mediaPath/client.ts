// Runs in Deno: Ada and Ben in a meeting, with the SDK over real QUIC. Ben's media goes where the test says.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { ApiClient, type ParticipantQuality } from '../../../client/core/index.ts';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import { Talker } from '../../bench/failover/Talker.ts';
import { sessionTransport } from '../../support/sessionTransport.ts';
import type { PathCommand, PathLine, SeenParticipant } from './plan.ts';

const TALK_INTERVAL_MS = 10;

interface Person {
  readonly talker: Talker;
  readonly quality: ParticipantQuality[];
}

const ended: string[] = [];
const heard = new Set<string>();
let dialling = Promise.withResolvers<number>();
let people: { readonly ada: Person; readonly ben: Person } | undefined;

function say(line: PathLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function benDials(url: string, certificateHashes: readonly Uint8Array[]) {
  const target = new URL(url);
  if (target.pathname === '/media') {
    dialling = Promise.withResolvers<number>();
    say({ type: 'dialling', port: Number(target.port) });
    target.port = String(await dialling.promise);
  }
  return await dialSession({ url: target.href, certificateHashes, limits: DEFAULT_TRANSPORT_LIMITS });
}

async function enter(apiUrl: string, meetingId: string, displayName: 'Ada' | 'Ben'): Promise<Person> {
  const quality: ParticipantQuality[] = [];
  const talker = await Talker.join({
    apiUrl,
    meetingId,
    displayName,
    transport: (url, certificateHashes) =>
      sessionTransport(
        displayName === 'Ben'
          ? benDials(url, certificateHashes)
          : dialSession({ url, certificateHashes, limits: DEFAULT_TRANSPORT_LIMITS }),
      ),
    onHeardAll: () => {
      heard.add(displayName);
      if (heard.size === 2) say({ type: 'together' });
    },
    onReconnecting: () => undefined,
    onQuality: (word) => void quality.push(word),
    onEnded: (reason) => void ended.push(reason),
  });
  return { talker, quality };
}

async function join(apiUrl: string): Promise<void> {
  const { meeting_id: meetingId } = await new ApiClient({ apiUrl }).createMeeting({ displayName: 'Path' });
  const ada = await enter(apiUrl, meetingId, 'Ada');
  const ben = await enter(apiUrl, meetingId, 'Ben');
  people = { ada, ben };
  await ada.talker.listenTo([ben.talker]);
  await ben.talker.listenTo([ada.talker]);
  setInterval(() => {
    ada.talker.talk();
    ben.talker.talk();
  }, TALK_INTERVAL_MS);
}

function seen({ talker, quality }: Person): SeenParticipant {
  const { userId, streamId, roster: others, sent, received, reconnections } = talker;
  return { userId, streamId, others, sent, received, reconnections, quality };
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as PathCommand;
  if (command.command === 'join') void join(command.apiUrl);
  else if (command.command === 'dial') dialling.resolve(command.port);
  else if (people) say({ type: 'seen', ada: seen(people.ada), ben: seen(people.ben), ended });
}
