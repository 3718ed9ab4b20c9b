// The peer's control stream behind its type (RFC 9114 §6.2.1): settings first, then frames that mean nothing to a
// WebTransport session (GOAWAY, MAX_PUSH_ID, CANCEL_PUSH, reserved ones), which are skipped.
import { Bounds, FORBIDDEN_FRAME_TYPES, FrameType } from './constants.ts';
import { type H3Fault, H3Faults } from './fault.ts';
import { decodeSettings, type Settings } from './settings.ts';
import { type TlvPlan, TlvReader } from './TlvReader.ts';

export class ControlStreamReader {
  readonly #frames: TlvReader;
  #settings: Settings | undefined;

  /** `onSettings` is called once, with the first frame. */
  constructor(onSettings: (settings: Settings) => void) {
    this.#frames = new TlvReader({
      plan: (type, length) => this.#plan(type, length),
      onValue: (_type, value) => {
        const settings = decodeSettings(value);
        if (!settings.ok) return settings.reason;
        this.#settings = settings.value;
        onSettings(settings.value);
        return undefined;
      },
      onPiece: () => undefined,
    });
  }

  push(chunk: Uint8Array): H3Fault | undefined {
    return this.#frames.push(chunk);
  }

  #plan(type: number, length: number): TlvPlan {
    if (this.#settings === undefined) {
      if (type !== FrameType.settings) return H3Faults.missingSettings;
      return length > Bounds.settingsFrameBytes ? H3Faults.frameTooLarge : 'gather';
    }
    const isMisplaced =
      type === FrameType.settings ||
      type === FrameType.data ||
      type === FrameType.headers ||
      type === FrameType.pushPromise ||
      FORBIDDEN_FRAME_TYPES.has(type);
    return isMisplaced ? H3Faults.frameUnexpected : 'skip';
  }
}
