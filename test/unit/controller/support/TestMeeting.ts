// A meeting controller with everything around it that a test needs: keys, time, media handlers, participants.

import type { SignalingLimits } from '../../../../media-node/controller/limits.ts';
import { MeetingController } from '../../../../media-node/controller/MeetingController.ts';
import {
  createSessionPair,
  type PairOptions,
  type SessionPair,
} from '../../../../media-node/transport/paired/pairedSessions.ts';
import type { AssignMeeting } from '../../../../shared/api/node.ts';
import { createLogger, type LogFields } from '../../../../shared/base/log.ts';
import { type JoinTokenInput, signJoinToken } from '../../../../shared/token/joinToken.ts';
import {
  generateSigningJwk,
  importSigningKey,
  publicKeySet,
  type SigningKey,
} from '../../../../shared/token/signingKey.ts';
import { FakeClock } from './FakeClock.ts';
import { FakeControlPlane, handlerAssignment } from './FakeControlPlane.ts';
import { InMemoryMediaPlane } from './InMemoryMediaPlane.ts';
import { TestClient } from './TestClient.ts';

export const CONTROLLER_ID = 'mc-1';
export const MEETING_ID = 'standup';

export interface TestMeetingOptions {
  readonly maxParticipants?: number;
  readonly maxMeetings?: number;
  readonly maxDormantMeetings?: number;
  readonly limits?: SignalingLimits;
  readonly assigned?: boolean;
}

export function assignment(overrides: Partial<AssignMeeting> = {}): AssignMeeting {
  return {
    meeting_id: MEETING_ID,
    config: { display_name: 'Stand-up', max_participants: 100 },
    // The primary is not first: the role decides.
    media_handlers: [handlerAssignment('mh-backup', 'BACKUP'), handlerAssignment('mh-primary', 'PRIMARY')],
    generation: 1,
    requested_by: 'gc-1',
    ...overrides,
  };
}

let sharedKey: Promise<SigningKey> | undefined;

export class TestMeeting {
  readonly clock = new FakeClock();
  readonly plane = new InMemoryMediaPlane();
  readonly controlPlane = new FakeControlPlane();
  readonly logged: (LogFields & { level: string; message: string })[] = [];
  readonly controller: MeetingController;
  readonly key: SigningKey;
  readonly pairs: SessionPair[] = [];
  /** Waits of the controller: a turn of the loop, however long they are meant to be. */
  wait: (ms: number) => Promise<void> = () => new Promise((resolve) => setImmediate(resolve));
  #lastParticipant = 0;

  static async start(options: TestMeetingOptions = {}): Promise<TestMeeting> {
    sharedKey ??= generateSigningJwk().then(importSigningKey);
    return new TestMeeting(await sharedKey, options);
  }

  constructor(
    key: SigningKey,
    {
      maxParticipants = 100,
      maxMeetings = 10,
      maxDormantMeetings,
      limits,
      assigned = true,
    }: TestMeetingOptions,
  ) {
    this.key = key;
    this.controller = new MeetingController({
      controllerId: CONTROLLER_ID,
      maxMeetings,
      ...(maxDormantMeetings === undefined ? {} : { maxDormantMeetings }),
      heartbeatIntervalMs: 15_000,
      heartbeatTimeoutMs: 30_000,
      joinTimeoutMs: 10_000,
      ...(limits === undefined ? {} : { limits }),
      plane: this.plane,
      controlPlane: this.controlPlane,
      wait: (ms) => this.wait(ms),
      clock: this.clock,
      log: createLogger({ level: 'debug', write: (line) => void this.logged.push(JSON.parse(line)) }),
    });
    this.controller.setSigningKeys(JSON.stringify(publicKeySet([key])));
    if (assigned)
      this.controller.assignMeeting(
        assignment({ config: { display_name: 'Stand-up', max_participants: maxParticipants } }),
      );
  }

  get meeting() {
    const meeting = this.controller.meetings.find(MEETING_ID);
    if (meeting === undefined) throw new Error('The meeting is not assigned');
    return meeting;
  }

  async token(overrides: Partial<JoinTokenInput> = {}, key = this.key): Promise<string> {
    this.#lastParticipant += 1;
    return await signJoinToken(key, {
      participantId: `participant-${this.#lastParticipant}`,
      meetingId: MEETING_ID,
      displayName: `Person ${this.#lastParticipant}`,
      controllerId: CONTROLLER_ID,
      generation: 1,
      issuedAtSeconds: Math.floor(this.clock.epochMs() / 1_000),
      ...overrides,
    });
  }

  /** A client whose session was accepted and who has said nothing. */
  connect(options: PairOptions = {}): TestClient {
    const pair = createSessionPair(options);
    this.pairs.push(pair);
    this.controller.accept(pair.server);
    return new TestClient(pair.client);
  }

  /** A client with its signaling stream open. */
  async opened(options: PairOptions = {}): Promise<TestClient> {
    const client = this.connect(options);
    await client.open();
    return client;
  }

  /** A client who has joined. */
  async joined(overrides: Partial<JoinTokenInput> = {}, options: PairOptions = {}): Promise<TestClient> {
    const client = this.connect(options);
    const answer = await client.join(await this.token(overrides));
    if (!answer.joinResponse) throw new Error(`Join refused: ${answer.error?.message}`);
    return client;
  }

  /** The worker of the meeting's router dies, and its handler tells the controller; answers how many routers recover. */
  loseRouter(): number {
    const { address } = this.meeting.router;
    if (address === undefined) return 0;
    this.plane.routers.delete(address.routerId);
    return this.controller.routersLost({
      handler_id: address.handler.handler_id,
      routers: [{ router_id: address.routerId, meeting_id: MEETING_ID }],
      reason: 'The worker died',
    }).recovering;
  }

  /** Lets time pass in steps of a second, as the worker's timer does. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.clock.advance(Math.min(1_000, ms - passed));
      this.controller.tick();
    }
  }
}
