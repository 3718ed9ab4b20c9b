// The load client: runs in Deno (see ../main.ts), takes a plan on standard input, answers with events.

import process from 'node:process';
import { createInterface } from 'node:readline';
import { ApiClient, type PublishedStream } from '../../../client/core/index.ts';
import { Histogram } from '../../../media-node/metrics/Histogram.ts';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import { sessionTransport } from '../../support/sessionTransport.ts';
import type { LoadEvent, LoadPlan } from '../protocol.ts';
import { Participant } from './Participant.ts';
import { pace } from './pace.ts';
import { quantile } from './quantile.ts';

/** Joins under way at once. */
const JOIN_CONCURRENCY = 4;
/** Arrival is over when nothing has come for this long, or after the limit. */
const QUIET_MS = 300;
const DRAIN_LIMIT_MS = 3_000;
const PROGRESS_INTERVAL_MS = 1_000;

interface Meeting {
  readonly participants: Participant[];
  /** The first of the participants. */
  publishers: readonly Participant[];
}

function emit(event: LoadEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

async function run(plan: LoadPlan): Promise<void> {
  let errors = 0;
  const problem = (text: string): void => {
    errors++;
    emit({ type: 'problem', text });
  };
  const latencyMs = new Histogram();

  const meetings = await joinAll(plan, latencyMs, problem);
  const everyone = meetings.flatMap((meeting) => meeting.participants);
  emit({ type: 'progress', text: `${everyone.length} participants joined (${medianSteps(everyone)})` });
  await Promise.all(meetings.map((meeting) => subscribeAll(meeting, problem)));
  const publishers = meetings.flatMap((meeting) => meeting.publishers);

  emit({ type: 'mediaStarted' });
  const total = (of: (participant: Participant) => number): number =>
    everyone.reduce((sum, each) => sum + of(each), 0);
  const progress = setInterval(() => {
    emit({
      type: 'progress',
      text: `sent ${total((each) => each.sent)}, delivered ${total((each) => each.received)}`,
    });
  }, PROGRESS_INTERVAL_MS);
  const payload = crypto.getRandomValues(new Uint8Array(plan.payloadBytes));
  await pace(publishers.length, plan.ratePerSecond, plan.seconds * 1_000, (index) =>
    publishers[index]?.send(payload),
  );
  await untilQuiet(() => total((each) => each.received));
  clearInterval(progress);
  emit({ type: 'mediaEnded' });

  const sent = total((each) => each.sent);
  const delivered = total((each) => each.received);
  const expected = expectedDatagrams(plan, meetings);
  const joins = everyone.map((each) => each.timings.totalMs);
  const latency = (share: number): number | null => round(latencyMs.quantile(share));
  const join = (share: number): number | null => round(quantile(joins, share));
  emit({
    type: 'result',
    report: {
      participants: plan.participants,
      publishers: plan.publishers,
      meetings: plan.meetings,
      seconds: plan.seconds,
      sent,
      expected,
      delivered,
      loss: expected === 0 ? 0 : (expected - delivered) / expected,
      duplicates: total((each) => each.duplicates),
      latencyMs: { p50: latency(0.5), p95: latency(0.95), p99: latency(0.99), p999: latency(0.999) },
      joinMs: { p50: join(0.5), p95: join(0.95), p99: join(0.99) },
      errors,
    },
  });
  await Promise.all(everyone.map((each) => each.leave()));
}

async function joinAll(
  plan: LoadPlan,
  latencyMs: Histogram,
  problem: (text: string) => void,
): Promise<Meeting[]> {
  const api = new ApiClient({ apiUrl: plan.url });
  const meetings: Meeting[] = [];
  const joins: (() => Promise<void>)[] = [];
  for (let index = 0; index < plan.meetings; index++) {
    const { meeting_id: meetingId } = await api.createMeeting({ maxParticipants: plan.participants });
    const meeting: Meeting = { participants: [], publishers: [] };
    meetings.push(meeting);
    for (let number = 1; number <= plan.participants; number++) {
      const displayName = `load ${index + 1}.${number}`;
      joins.push(async () => {
        try {
          meeting.participants.push(
            await Participant.join({
              apiUrl: plan.url,
              meetingId,
              displayName,
              transport: dial,
              latencyMs,
              onProblem: problem,
            }),
          );
        } catch (error) {
          problem(`${displayName} could not join: ${String(error)}`);
        }
      });
    }
  }
  const worker = async (): Promise<void> => {
    for (let next = joins.shift(); next !== undefined; next = joins.shift()) await next();
  };
  await Promise.all(Array.from({ length: JOIN_CONCURRENCY }, worker));
  for (const meeting of meetings) meeting.publishers = meeting.participants.slice(0, plan.publishers);
  return meetings;
}

/** Everyone but a stream's own publisher subscribes to it, before anything is sent. */
async function subscribeAll(meeting: Meeting, problem: (text: string) => void): Promise<void> {
  for (const publisher of meeting.publishers) {
    let stream: PublishedStream;
    try {
      stream = await publisher.publish();
    } catch (error) {
      problem(`Publishing failed: ${String(error)}`);
      continue;
    }
    const others = meeting.participants.filter((each) => each !== publisher);
    const subscribed = await Promise.allSettled(others.map((each) => each.subscribe(stream)));
    for (const outcome of subscribed)
      if (outcome.status === 'rejected') problem(`Subscribing failed: ${String(outcome.reason)}`);
  }
}

async function untilQuiet(received: () => number): Promise<void> {
  const limitMs = performance.now() + DRAIN_LIMIT_MS;
  for (let before = -1; before !== received() && performance.now() < limitMs; ) {
    before = received();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

function dial(url: string, certificateHashes: readonly Uint8Array[]) {
  return sessionTransport(dialSession({ url, certificateHashes, limits: DEFAULT_TRANSPORT_LIMITS }));
}

/** Where the time of joining goes. */
function medianSteps(participants: readonly Participant[]): string {
  const median = (step: 'apiMs' | 'signalingMs' | 'mediaMs'): string =>
    quantile(
      participants.map((each) => each.timings[step]),
      0.5,
    )?.toFixed(0) ?? '–';
  return `medians: API ${median('apiMs')} ms, signaling ${median('signalingMs')} ms, media ${median('mediaMs')} ms`;
}

/** From the plan, not from who came: whoever could not join or publish is missing from what is delivered. */
function expectedDatagrams(plan: LoadPlan, meetings: readonly Meeting[]): number {
  const subscribers = plan.participants - 1;
  const planned = plan.ratePerSecond * plan.seconds;
  return meetings.reduce((sum, { publishers }) => {
    const sent = publishers.reduce((own, each) => own + each.sent, 0);
    return sum + (sent + (plan.publishers - publishers.length) * planned) * subscribers;
  }, 0);
}

function round(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : Math.round(milliseconds * 1_000) / 1_000;
}

for await (const line of createInterface({ input: process.stdin })) {
  await run(JSON.parse(line) as LoadPlan);
  break;
}
process.exit(0);
