// What the load test (Node) and its load client (Deno) say to each other: JSON lines on standard input and output.
import type { LoadReport } from './LoadReport.ts';
import type { LoadOptions } from './options.ts';

/** First and only line on the client's standard input. */
export interface LoadPlan extends Omit<LoadOptions, 'url' | 'workers' | 'json'> {
  readonly url: string;
}

export type LoadEvent =
  | { readonly type: 'progress'; readonly text: string }
  /** All have joined and subscribed: media starts flowing. */
  | { readonly type: 'mediaStarted' }
  /** Media has stopped flowing and what was on its way has arrived. */
  | { readonly type: 'mediaEnded' }
  | { readonly type: 'problem'; readonly text: string }
  | { readonly type: 'result'; readonly report: Omit<LoadReport, 'serverCpuUsPerDatagram'> };
