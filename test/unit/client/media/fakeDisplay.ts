// What a browser gives of a shared screen: tracks that a person can end.
import { vi } from 'vitest';

export class FakeTrack extends EventTarget {
  readonly kind: 'audio' | 'video';
  readonly clones: FakeTrack[] = [];
  contentHint = '';
  enabled = true;
  readyState: 'live' | 'ended' = 'live';

  constructor(kind: 'audio' | 'video') {
    super();
    this.kind = kind;
  }

  clone(): FakeTrack {
    const clone = new FakeTrack(this.kind);
    clone.readyState = this.readyState;
    this.clones.push(clone);
    return clone;
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** As the button of the browser does: this and all copies. */
  endByPerson(): void {
    for (const track of [this, ...this.clones]) {
      if (track.readyState === 'ended') continue;
      track.readyState = 'ended';
      track.dispatchEvent(new Event('ended'));
    }
  }
}

/** Stubs the global; vi.unstubAllGlobals() takes it away. */
export function stubDisplay(choose: () => Promise<readonly FakeTrack[]>): void {
  vi.stubGlobal('navigator', {
    mediaDevices: {
      getDisplayMedia: async () => {
        const tracks = await choose();
        const of = (wanted: string) => tracks.filter(({ kind }) => kind === wanted);
        return { getVideoTracks: () => of('video'), getAudioTracks: () => of('audio') };
      },
    },
  });
}
