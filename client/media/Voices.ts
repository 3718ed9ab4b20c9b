import { LevelMeter } from './audio/LevelMeter.ts';
import { SpeakingDetector } from './audio/SpeakingDetector.ts';

interface Voice {
  readonly meter: LevelMeter;
  readonly detector: SpeakingDetector;
}

/** How loud each participant is, and who speaks. */
export class Voices {
  readonly #voices = new Map<number, Voice>();

  add(userId: number, rms: number, nowMs: number): void {
    this.#voice(userId).meter.add(rms, nowMs);
  }

  level(userId: number, nowMs: number): number {
    return this.#voices.get(userId)?.meter.level(nowMs) ?? 0;
  }

  isSpeaking(userId: number): boolean {
    return this.#voices.get(userId)?.detector.speaking ?? false;
  }

  /** Call about ten times a second; true when somebody started or stopped speaking. */
  update(nowMs: number): boolean {
    let changed = false;
    for (const { meter, detector } of this.#voices.values()) {
      const before = detector.speaking;
      if (detector.update(meter.level(nowMs), nowMs) !== before) changed = true;
    }
    return changed;
  }

  forget(userId: number): void {
    this.#voices.delete(userId);
  }

  #voice(userId: number): Voice {
    const known = this.#voices.get(userId);
    if (known !== undefined) return known;
    const voice = { meter: new LevelMeter(), detector: new SpeakingDetector() };
    this.#voices.set(userId, voice);
    return voice;
  }
}
