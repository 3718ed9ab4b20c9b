import type { Participant, PublishedStream } from './signaling/types.ts';

/** Who is in the meeting and what they publish. Values are replaced, never changed. */
export class Roster {
  readonly #participants = new Map<number, Participant>();
  #self: Participant | undefined;

  /** The others, in order of arrival. */
  get participants(): ReadonlyMap<number, Participant> {
    return this.#participants;
  }

  /** Whose roster it is; undefined before the join was answered. */
  get self(): Participant | undefined {
    return this.#self;
  }

  seed(self: Participant, participants: readonly Participant[]): void {
    this.#self = self;
    for (const participant of participants) this.#participants.set(participant.userId, participant);
  }

  add(participant: Participant): void {
    this.#participants.set(participant.userId, participant);
  }

  /** What left, or undefined when nobody of that id was here. */
  remove(userId: number): Participant | undefined {
    const participant = this.#participants.get(userId);
    this.#participants.delete(userId);
    return participant;
  }

  /** Takes name and mutes; streams have notices of their own. The new value, or undefined for somebody unknown. */
  update(changed: Participant): Participant | undefined {
    if (changed.userId === this.#self?.userId) {
      this.#self = { ...changed, streams: this.#self.streams };
      return this.#self;
    }
    const known = this.#participants.get(changed.userId);
    if (known === undefined) return undefined;
    return this.#replace({ ...changed, streams: known.streams });
  }

  addStream(stream: PublishedStream): Participant | undefined {
    const owner = this.#participants.get(stream.userId);
    if (owner === undefined) return undefined;
    const others = owner.streams.filter(({ streamId }) => streamId !== stream.streamId);
    return this.#replace({ ...owner, streams: [...others, stream] });
  }

  /** The stream that is gone, or undefined when it was not known. */
  removeStream(userId: number, streamId: number): PublishedStream | undefined {
    const owner = this.#participants.get(userId);
    const stream = owner?.streams.find((candidate) => candidate.streamId === streamId);
    if (owner === undefined || stream === undefined) return undefined;
    this.#replace({ ...owner, streams: owner.streams.filter((candidate) => candidate !== stream) });
    return stream;
  }

  #replace(participant: Participant): Participant {
    this.#participants.set(participant.userId, participant);
    return participant;
  }
}
