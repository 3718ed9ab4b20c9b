// Runs in Deno: meetings in which everyone talks, until standard input ends. See plan.ts.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { ApiClient } from '../../../client/core/index.ts';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import { sessionTransport } from '../../support/sessionTransport.ts';
import type { FailoverEvent, FailoverPlan } from './plan.ts';
import { Talker } from './Talker.ts';

/** As sound does. */
const TALK_INTERVAL_MS = 20;
/** After the last datagram was sent, for the last to arrive. */
const QUIET_MS = 300;

function emit(event: FailoverEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

class TalkingMeeting {
  readonly #name: string;
  readonly #talkers: Talker[] = [];
  /** When each had heard all others, since media began to flow or was lost. */
  readonly #heardAtMs = new Map<Talker, number>();
  #mediaPort = 0;
  #flowing = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async start(apiUrl: string, participants: number): Promise<void> {
    const { meeting_id: meetingId } = await new ApiClient({ apiUrl }).createMeeting({
      displayName: this.#name,
    });
    for (let number = 1; number <= participants; number++) {
      const talker: Talker = await Talker.join({
        apiUrl,
        meetingId,
        displayName: `${this.#name} ${number}`,
        transport: (url, certificateHashes) => {
          const { pathname, port } = new URL(url);
          if (pathname === '/media') this.#mediaPort = Number(port);
          return sessionTransport(dialSession({ url, certificateHashes, limits: DEFAULT_TRANSPORT_LIMITS }));
        },
        onHeardAll: () => this.#heardAll(talker),
        onReconnecting: () => this.#heardAtMs.delete(talker),
        onEnded: (reason) => emit({ type: 'ended', meeting: this.#name, reason }),
      });
      this.#talkers.push(talker);
    }
    for (const talker of this.#talkers)
      await talker.listenTo(this.#talkers.filter((other) => other !== talker));
    this.#timer = setInterval(() => {
      for (const talker of this.#talkers) talker.talk();
    }, TALK_INTERVAL_MS);
  }

  async finish(): Promise<void> {
    clearInterval(this.#timer);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const total = (of: (talker: Talker) => number): number =>
      this.#talkers.reduce((sum, talker) => sum + of(talker), 0);
    emit({
      type: 'left',
      meeting: this.#name,
      expected: total(({ sent }) => sent) * (this.#talkers.length - 1),
      received: total(({ received }) => received),
      reconnections: total(({ reconnections }) => reconnections),
    });
    await Promise.all(this.#talkers.map((talker) => talker.leave()));
  }

  #heardAll(talker: Talker): void {
    this.#heardAtMs.set(talker, performance.timeOrigin + performance.now());
    if (this.#heardAtMs.size < this.#talkers.length) return;
    const base = { meeting: this.#name, mediaPort: this.#mediaPort };
    if (!this.#flowing) emit({ type: 'flowing', ...base });
    else {
      const participants = this.#talkers.map((each) => ({
        userId: each.userId,
        resumedAtMs: this.#heardAtMs.get(each) ?? 0,
        roster: each.roster,
      }));
      emit({ type: 'recovered', ...base, participants });
    }
    this.#flowing = true;
  }
}

const lines = createInterface({ input: process.stdin });
const ended = new Promise<void>((resolve) => lines.once('close', resolve));
const plan = await new Promise<FailoverPlan>((resolve) =>
  lines.once('line', (line) => resolve(JSON.parse(line) as FailoverPlan)),
);
const meetings: TalkingMeeting[] = [];
for (const [name, participants] of Object.entries(plan.meetings)) {
  const meeting = new TalkingMeeting(name);
  meetings.push(meeting);
  await meeting.start(plan.url, participants);
}
await ended;
await Promise.all(meetings.map((meeting) => meeting.finish()));
process.exit(0);
