// The steps in which what a subscriber gets of a source can be lowered: first its discardable frames go, then the layer.
import { MAX_TEMPORAL_LAYER } from './Consumer.ts';
import type { LayerGroup, LayerLimit } from './LayerGroup.ts';

/** What a layer is taken to cost when its publisher does not say, bits per second. */
const DEFAULT_BITRATE_BPS = [100_000, 300_000, 900_000] as const;
/** Share of a stream's bits in temporal layer 0 of two. */
const BASE_SHARE = 0.6;

export interface Rung {
  readonly limit: LayerLimit;
  readonly costBps: number;
}

/** From the least that can be sent to what the subscriber wishes for; costs do not fall. */
export function rungsOf(group: LayerGroup): Rung[] {
  const { spatialLayer: highest, temporalLayer } = group.preferred;
  const within = group.members.filter(
    ({ producer }, index) => index === 0 || producer.spatialLayer <= highest,
  );
  const rungs: Rung[] = [];
  let floorBps = 0;
  const push = (limit: LayerLimit, costBps: number): void => {
    floorBps = Math.max(floorBps, costBps);
    rungs.push({ limit, costBps: floorBps });
  };
  for (const { producer } of within) {
    const { spatialLayer } = producer;
    const bitrateBps = producer.bitrateBps || (DEFAULT_BITRATE_BPS[spatialLayer] ?? 0);
    push({ spatialLayer, temporalLayer: 0 }, BASE_SHARE * bitrateBps);
    if (temporalLayer > 0) push({ spatialLayer, temporalLayer: MAX_TEMPORAL_LAYER }, bitrateBps);
  }
  return rungs;
}

/** A rung over the top is the top. */
export function limitOfRung(group: LayerGroup, rung: number): LayerLimit {
  const rungs = rungsOf(group);
  return rungs[Math.min(rung, rungs.length - 1)]?.limit ?? group.preferred;
}
