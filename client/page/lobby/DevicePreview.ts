// Camera and microphone while their owner looks whether they are right. Nothing here is sent anywhere.
import { Store } from '../app/Store.ts';
import { type DeviceName, deviceProblem } from './deviceProblem.ts';
import { LevelMeter } from './LevelMeter.ts';

export interface PreviewState {
  /** The browser is asking its user. */
  readonly asking: boolean;
  readonly picture: MediaStream | undefined;
  readonly problems: Readonly<Partial<Record<DeviceName, string>>>;
}

export type Devices = Readonly<Record<DeviceName, boolean>>;

const KINDS = { camera: 'video', microphone: 'audio' } as const;
const CONSTRAINTS = {
  camera: { width: { ideal: 1280 }, height: { ideal: 720 } },
  microphone: { echoCancellation: true, noiseSuppression: true },
} as const;
const OFF: Devices = { camera: false, microphone: false };
const IDLE: PreviewState = { asking: false, picture: undefined, problems: {} };

export class DevicePreview {
  readonly store = new Store<PreviewState>(IDLE);
  readonly #mediaDevices: MediaDevices | undefined;
  readonly #tracks = new Map<DeviceName, MediaStreamTrack>();
  #wanted: Devices = OFF;
  #meter: LevelMeter | undefined;
  #work: Promise<void> = Promise.resolve();

  /** `mediaDevices` is missing in pages that are not served over https or from this machine. */
  constructor(mediaDevices: MediaDevices | undefined) {
    this.#mediaDevices = mediaDevices;
  }

  /** Turns devices on and off. Changes run one after the other; the last one wins. */
  want(devices: Devices): void {
    this.#wanted = devices;
    this.#work = this.#work.then(() => this.#apply());
  }

  /** Level of the microphone now, 0 to 1. */
  level(): number {
    return this.#meter?.level() ?? 0;
  }

  /** Gives all devices back at once. */
  release(): void {
    this.#wanted = OFF;
    for (const device of [...this.#tracks.keys()]) this.#stop(device);
    this.store.set(IDLE);
  }

  async #apply(): Promise<void> {
    for (const device of names()) if (!this.#wanted[device]) this.#turnOff(device);
    const missing = names().filter((device) => this.#wanted[device] && !this.#tracks.has(device));
    if (missing.length === 0) return;
    this.store.update((state) => ({ ...state, asking: true }));
    // One question for both devices is kinder; when it fails, asking for each says which one is the problem.
    if (missing.length === 1 || !(await this.#ask(missing))) {
      for (const device of missing) await this.#ask([device]);
    }
    this.store.update((state) => ({ ...state, asking: false }));
  }

  /** False when several devices were asked for and not all can be had. One device's failure becomes its problem. */
  async #ask(devices: readonly DeviceName[]): Promise<boolean> {
    try {
      if (this.#mediaDevices === undefined) throw new DOMException('No devices', 'SecurityError');
      const stream = await this.#mediaDevices.getUserMedia(
        Object.fromEntries(devices.map((device) => [KINDS[device], CONSTRAINTS[device]])),
      );
      for (const track of stream.getTracks()) this.#start(track);
      return true;
    } catch (error) {
      const [device] = devices;
      if (devices.length > 1 || device === undefined) return false;
      const problem = deviceProblem(device, error instanceof Error ? error.name : '');
      if (this.#wanted[device]) this.#setProblem(device, problem);
      return true;
    }
  }

  #start(track: MediaStreamTrack): void {
    const device: DeviceName = track.kind === 'video' ? 'camera' : 'microphone';
    // Its owner changed their mind while the browser was asking.
    if (!this.#wanted[device] || this.#tracks.has(device)) {
      track.stop();
      return;
    }
    this.#tracks.set(device, track);
    track.addEventListener('ended', () => {
      if (this.#tracks.get(device) !== track) return;
      this.#stop(device);
      this.#setProblem(device, deviceProblem(device, 'NotFoundError'));
    });
    this.#setProblem(device, undefined);
    if (device === 'camera') this.store.update((state) => ({ ...state, picture: new MediaStream([track]) }));
    else this.#meter = new LevelMeter(track);
  }

  #turnOff(device: DeviceName): void {
    this.#stop(device);
    this.#setProblem(device, undefined);
  }

  #stop(device: DeviceName): void {
    this.#tracks.get(device)?.stop();
    this.#tracks.delete(device);
    if (device === 'camera') {
      this.store.update((state) => (state.picture ? { ...state, picture: undefined } : state));
    } else {
      this.#meter?.close();
      this.#meter = undefined;
    }
  }

  #setProblem(device: DeviceName, problem: string | undefined): void {
    this.store.update((state) => {
      if (state.problems[device] === problem) return state;
      const { [device]: _, ...others } = state.problems;
      return { ...state, problems: problem === undefined ? others : { ...others, [device]: problem } };
    });
  }
}

function names(): readonly DeviceName[] {
  return ['camera', 'microphone'];
}
