import type { PlayoutStats } from './PlayoutBuffer.ts';

export const PLAYOUT_PROCESSOR = 'dark-tower-playout';

/** From the page to the worklet. */
export type PlayoutMessage =
  | { readonly type: 'samples'; readonly timestampUs: number; readonly samples: Float32Array }
  | { readonly type: 'target'; readonly targetMs: number }
  | { readonly type: 'stop' };

/** From the worklet to the page, a few times a second. */
export type PlayoutReport = PlayoutStats;
