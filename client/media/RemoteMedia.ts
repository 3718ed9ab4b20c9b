// What the others send: subscribes to every stream by itself, and plays it.
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Room } from '../core/Room.ts';
import type { PublishedStream } from '../core/signaling/types.ts';
import { systemTimers, type Timers } from '../core/timers.ts';
import { layerForHeight } from './encode/layerSizes.ts';
import type { MeetingNotice, PictureSource } from './MeetingClient.ts';
import type { AudioOutput } from './playback/AudioOutput.ts';
import { AudioReceiver } from './playback/AudioReceiver.ts';
import { VideoReceiver } from './playback/VideoReceiver.ts';
import { isGone, Subscriber } from './Subscriber.ts';

export interface RemoteMediaOptions {
  readonly room: Room;
  readonly clock: Clock;
  /** For what is tried again. */
  readonly timers: Timers;
  readonly log: Logger;
  readonly random: () => number;
  readonly audioOutput: AudioOutput;
  /** Of a participant's voice. */
  readonly onLevel: (userId: number, level: number) => void;
  /** A participant's picture came or went. */
  readonly onChanged: () => void;
  readonly onNotice: (notice: MeetingNotice) => void;
}

/** A picture in as many layers as are published, each a stream of its own. */
interface RemoteVideo {
  /** By stream id. */
  readonly layers: Map<number, PublishedStream>;
  readonly receiver: VideoReceiver;
}

/** What is being played, and the stream that it comes from. */
export interface PlayedVideo {
  readonly stream: PublishedStream;
  readonly receiver: VideoReceiver;
}

interface RemoteAudio {
  readonly stream: PublishedStream;
  readonly receiver: AudioReceiver;
}

/** What one participant shows of itself, or shares: receivers, and the canvases that wait for a picture whether there is one now or not. */
interface Remote {
  readonly userId: number;
  readonly source: PictureSource;
  video?: RemoteVideo;
  audio?: RemoteAudio;
  /** Height that the picture is shown in, device pixels; undefined while nobody says. */
  shownHeight?: number;
  speaking?: boolean;
  readonly canvases: Map<HTMLCanvasElement, (() => void) | undefined>;
}

export class RemoteMedia {
  readonly #options: RemoteMediaOptions;
  /** By source, then by user id. */
  readonly #remotes: Readonly<Record<PictureSource, Map<number, Remote>>> = {
    camera: new Map(),
    screen: new Map(),
  };
  readonly #subscriber: Subscriber;
  #closed = false;

  constructor(options: RemoteMediaOptions) {
    this.#options = options;
    this.#subscriber = new Subscriber(options);
  }

  /** Subscribes to what is published already. */
  start(): void {
    for (const participant of this.#options.room.participants.values())
      for (const stream of participant.streams) this.add(stream);
  }

  video(userId: number, source: PictureSource = 'camera'): PlayedVideo | undefined {
    const video = this.#remotes[source].get(userId)?.video;
    if (video === undefined) return undefined;
    const { layers, receiver } = video;
    const stream = layers.get(receiver.activeStreamId ?? 0) ?? [...layers.values()][0];
    return stream && { stream, receiver };
  }

  /** How high a participant's picture is shown, device pixels: a layer that is good enough for it is asked for. */
  setShownHeight(userId: number, shownHeight: number, source: PictureSource): void {
    const remote = this.#remote(userId, source);
    if (remote.shownHeight === shownHeight) return;
    remote.shownHeight = shownHeight;
    this.#wish(remote);
  }

  /** Who speaks comes first when the path does not take everything; only shared screens come before. */
  setSpeaking(userId: number, speaking: boolean): void {
    const remote = this.#remotes.camera.get(userId);
    if (remote === undefined || (remote.speaking ?? false) === speaking) return;
    remote.speaking = speaking;
    this.#wish(remote);
  }

  /** Another media server knows nothing of what was wished for. */
  wishAgain(): void {
    for (const remote of this.#all()) this.#wish(remote);
  }

  audio(userId: number, source: PictureSource = 'camera'): RemoteAudio | undefined {
    return this.#remotes[source].get(userId)?.audio;
  }

  /**
   * Subscribes to a stream. A participant has one picture and one voice here, and so has what it shares: a newer stream takes
   * the older one's place.
   */
  add(stream: PublishedStream): void {
    if (this.#closed) return;
    const adding = stream.kind === 'video' ? this.#addVideo(stream) : this.#addAudio(stream);
    adding.catch((error: unknown) => {
      this.#options.log[isGone(error) ? 'debug' : 'warn']('A stream could not be subscribed', { error });
      this.remove(stream);
    });
  }

  /** The stream is gone: unpublished, or its publisher left. */
  remove(stream: PublishedStream): void {
    this.#subscriber.forget(stream);
    const remote = this.#remotes[shownIn(stream)].get(stream.userId);
    if (remote === undefined) return;
    const { video } = remote;
    if (video?.layers.get(stream.streamId) !== undefined) {
      video.layers.delete(stream.streamId);
      video.receiver.removeLayer(stream.streamId);
      if (video.layers.size === 0) this.#dropVideo(remote);
    }
    if (remote.audio?.stream.streamId === stream.streamId) this.#dropAudio(remote);
    this.#forgetWhenEmpty(remote);
    this.#options.onChanged();
  }

  attach(userId: number, canvas: HTMLCanvasElement, source: PictureSource): () => void {
    const remote = this.#remote(userId, source);
    remote.canvases.set(canvas, remote.video?.receiver.painter.attach(canvas));
    return () => {
      remote.canvases.get(canvas)?.();
      remote.canvases.delete(canvas);
      this.#forgetWhenEmpty(remote);
    };
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#subscriber.close();
    for (const remote of this.#all()) {
      this.#dropVideo(remote);
      this.#dropAudio(remote);
    }
    for (const remotes of Object.values(this.#remotes)) remotes.clear();
  }

  async #addVideo(stream: PublishedStream): Promise<void> {
    const { userId, streamId } = stream;
    const remote = this.#remote(userId, shownIn(stream));
    if (!isLayerOf(remote.video, stream)) {
      this.#dropVideo(remote);
      const receiver = this.#makeVideoReceiver(stream);
      remote.video = { layers: new Map(), receiver };
      for (const canvas of remote.canvases.keys())
        remote.canvases.set(canvas, receiver.painter.attach(canvas));
    }
    const { video } = remote;
    if (video === undefined) return;
    video.layers.set(streamId, stream);
    await this.#subscriber.subscribe(stream, video.receiver.receiverOf(streamId));
    this.#wish(remote);
  }

  #makeVideoReceiver({ userId, codec, colorSpace }: PublishedStream): VideoReceiver {
    const { room, clock, log, onChanged } = this.#options;
    return new VideoReceiver({
      codec,
      colorSpace,
      clock,
      timers: systemTimers,
      log,
      requestKeyFrame: (streamId) => room.media.requestKeyFrame(userId, streamId),
      onFirstFrame: onChanged,
    });
  }

  /** Before anybody says how the picture is shown, everything is sent. */
  #wish({ userId, source, video, shownHeight, speaking }: Remote): void {
    const layers = [...(video?.layers.values() ?? [])];
    const [any] = layers;
    if (any === undefined || shownHeight === undefined) return;
    const sizes = layers.map(({ spatialLayer, height }) => ({
      spatialLayer: spatialLayer ?? 0,
      height: height ?? 0,
    }));
    this.#options.room.media.changeLayer(userId, any.streamId, {
      preferredSpatialLayer: layerForHeight(sizes, shownHeight, source),
      priority: speaking ? 1 : 0,
    });
  }

  async #addAudio(stream: PublishedStream): Promise<void> {
    const { room, clock, log, audioOutput, onLevel } = this.#options;
    const { userId, streamId } = stream;
    await audioOutput.ready;
    const isStillPublished = room.participants
      .get(userId)
      ?.streams.some((candidate) => candidate.streamId === streamId);
    if (this.#closed || !isStillPublished) return;
    const source = shownIn(stream);
    const remote = this.#remote(userId, source);
    this.#dropAudio(remote);
    const receiver = new AudioReceiver({
      codec: stream.codec,
      clock,
      timers: systemTimers,
      log,
      sink: audioOutput.open(),
      // What is played in a shared tab does not make its participant the one who speaks.
      onLevel: (level) => {
        if (source === 'camera') onLevel(userId, level);
      },
    });
    remote.audio = { stream, receiver };
    await this.#subscriber.subscribe(stream, receiver);
  }

  #remote(userId: number, source: PictureSource): Remote {
    const known = this.#remotes[source].get(userId);
    if (known !== undefined) return known;
    const remote: Remote = { userId, source, canvases: new Map() };
    this.#remotes[source].set(userId, remote);
    return remote;
  }

  *#all(): Generator<Remote> {
    for (const remotes of Object.values(this.#remotes)) yield* remotes.values();
  }

  #dropVideo(remote: Remote): void {
    for (const stream of remote.video?.layers.values() ?? []) this.#subscriber.forget(stream);
    remote.video?.receiver.close();
    delete remote.video;
    for (const canvas of remote.canvases.keys()) remote.canvases.set(canvas, undefined);
  }

  #dropAudio(remote: Remote): void {
    if (remote.audio !== undefined) this.#subscriber.forget(remote.audio.stream);
    remote.audio?.receiver.close();
    delete remote.audio;
  }

  #forgetWhenEmpty(remote: Remote): void {
    const { userId, source, video, audio, canvases } = remote;
    if (video === undefined && audio === undefined && canvases.size === 0)
      this.#remotes[source].delete(userId);
  }
}

/** A stream of what a participant shares belongs there, all others to the participant itself. */
function shownIn({ source }: PublishedStream): PictureSource {
  return source === 'screen' || source === 'screen_audio' ? 'screen' : 'camera';
}

/** A layer of the same source that is not there yet; a stream in the place of another is a picture of its own. */
function isLayerOf(video: RemoteVideo | undefined, stream: PublishedStream): boolean {
  return (
    video !== undefined &&
    [...video.layers.values()].every(
      ({ source, spatialLayer }) =>
        source === stream.source && (spatialLayer ?? 0) !== (stream.spatialLayer ?? 0),
    )
  );
}
