// Media handlers and the meetings on them, in simulated time: nodes report every 10 s, each at its own moment; streams
// flow a while after their meeting was placed, and end with it.

import { handlerCapacity } from '../../../functions/registry/capacity.ts';
import type { MediaHandler } from '../../../functions/registry/MediaNode.ts';
import type { Clock, EpochMs } from '../../../shared/base/clock.ts';
import { MemoryNodeStore } from './MemoryNodeStore.ts';

export const REGION = 'sim-1';
export const REPORT_INTERVAL_MS = 10_000;
export const TICK_MS = 100;
/** From the answer to the first join until the meeting's streams flow. */
const CONNECT_MS = 2_000;
const ZONES = ['a', 'b', 'c'] as const;
const START_MS = Date.UTC(2026, 0, 1);

export interface FleetOptions {
  readonly nodes: number;
  readonly maxStreams: number;
}

interface SimulatedNode {
  readonly id: string;
  readonly zone: string;
  /** When within each interval it reports, ms. */
  readonly offsetMs: number;
  streams: number;
  meetings: number;
  /** Of all meetings on it, also of those whose streams do not flow yet. */
  streamsToCome: number;
  alive: boolean;
  /** As last reported, for policies that go by that alone. */
  reportedStreams: number;
}
export type ReadonlyNode = Readonly<SimulatedNode>;

export class Fleet {
  readonly clock: Clock & { nowMs: number };
  readonly store = new MemoryNodeStore(handlerCapacity);
  readonly maxStreams: number;
  readonly #nodes: SimulatedNode[];
  readonly #byId = new Map<string, SimulatedNode>();
  readonly #reporting: SimulatedNode[][];
  readonly #later = new Map<number, (() => void)[]>();

  private constructor({ nodes, maxStreams }: FleetOptions) {
    this.maxStreams = maxStreams;
    const clock = {
      nowMs: START_MS,
      epochMs: () => clock.nowMs as EpochMs,
      monotonicMs: () => clock.nowMs,
    };
    this.clock = clock;
    const ticks = REPORT_INTERVAL_MS / TICK_MS;
    this.#reporting = Array.from({ length: ticks }, () => []);
    this.#nodes = Array.from({ length: nodes }, (_, i) => {
      // Spread over the interval as evenly as they come.
      const offsetMs = Math.floor((i * ticks) / nodes) * TICK_MS;
      const zone = ZONES[i % ZONES.length] ?? 'a';
      return {
        id: `mh-${i}`,
        zone,
        offsetMs,
        streams: 0,
        meetings: 0,
        streamsToCome: 0,
        alive: true,
        reportedStreams: 0,
      };
    });
    for (const node of this.#nodes) {
      this.#byId.set(node.id, node);
      this.#reporting[node.offsetMs / TICK_MS]?.push(node);
    }
  }

  /** All nodes registered, and reported once. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    for (const node of fleet.#nodes) {
      await fleet.store.register(fleet.#registrationOf(node), fleet.clock.epochMs());
      await fleet.#report(node);
    }
    return fleet;
  }

  get nodes(): readonly ReadonlyNode[] {
    return this.#nodes;
  }

  node(id: string): ReadonlyNode | undefined {
    return this.#byId.get(id);
  }

  /** One tick on: what is due happens, nodes whose moment it is report. */
  async tick(): Promise<void> {
    this.clock.nowMs += TICK_MS;
    const due = this.#later.get(this.clock.nowMs);
    this.#later.delete(this.clock.nowMs);
    for (const happen of due ?? []) happen();
    const moment = ((this.clock.nowMs - START_MS) % REPORT_INTERVAL_MS) / TICK_MS;
    for (const node of this.#reporting[moment] ?? []) if (node.alive) await this.#report(node);
  }

  /** The meeting is on the node: it counts at once as a meeting, and as streams when they flow. */
  begin(id: string, streams: number, lifetimeMs: number): void {
    const node = this.#byId.get(id);
    if (node === undefined) throw new RangeError(`There is no node "${id}"`);
    node.meetings++;
    node.streamsToCome += streams;
    this.#after(CONNECT_MS, () => {
      node.streams += streams;
    });
    if (Number.isFinite(lifetimeMs))
      this.#after(CONNECT_MS + lifetimeMs, () => {
        node.streams -= streams;
        node.streamsToCome -= streams;
        node.meetings--;
      });
  }

  /** The node is gone with all that it carries: it says nothing any more. */
  lose(id: string): void {
    const node = this.#byId.get(id);
    if (node !== undefined) node.alive = false;
  }

  #after(delayMs: number, happen: () => void): void {
    const atMs = this.clock.nowMs + Math.max(1, Math.round(delayMs / TICK_MS)) * TICK_MS;
    const due = this.#later.get(atMs);
    if (due === undefined) this.#later.set(atMs, [happen]);
    else due.push(happen);
  }

  async #report(node: SimulatedNode): Promise<void> {
    node.reportedStreams = node.streams;
    await this.store.report(node.id, {
      state: 'HEALTHY',
      load: {
        streams: node.streams,
        cpu_ratio: 0,
        bandwidth_in_bps: 0,
        bandwidth_out_bps: 0,
        packet_loss_ratio: 0,
      },
      atMs: this.clock.epochMs(),
      sentAtMs: this.clock.epochMs(),
    });
  }

  #registrationOf(node: SimulatedNode): Pick<MediaHandler, 'id' | 'registrationId' | 'registration'> {
    const registration = {
      handler_id: node.id,
      region: REGION,
      zone: node.zone,
      webtransport_url: `https://${node.id}.example.org`,
      internal_url: `https://${node.id}.internal`,
      certificate_hashes: [],
      capacity: { max_streams: this.maxStreams, max_bandwidth_bps: 10_000_000_000 },
    };
    return { id: node.id, registrationId: node.id, registration };
  }
}
