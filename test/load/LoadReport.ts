// Result of a load test: what the load client measured, and how it is shown.

export interface LoadReport {
  /** In each meeting. */
  readonly participants: number;
  /** In each meeting. */
  readonly publishers: number;
  readonly meetings: number;
  readonly seconds: number;
  /** Datagrams that publishers sent. */
  readonly sent: number;
  /** Datagrams that should have arrived: each sent one, at each subscriber of its meeting. */
  readonly expected: number;
  /** Datagrams that arrived, each counted once a subscriber. */
  readonly delivered: number;
  /** 0 to 1: what is missing of expected. */
  readonly loss: number;
  readonly duplicates: number;
  /** From capture to arrival. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly p999: number;
  };
  /** From the REST call to the media session being ready. */
  readonly joinMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  /** CPU time of the media handler's workers per delivered datagram; null when it cannot be read. */
  readonly serverCpuUsPerDatagram: number | null;
  /** Participants that failed to join, sessions that ended early, requests that were refused. */
  readonly errors: number;
}

/** A table for a person. */
export function formatReport(report: LoadReport): string {
  const perMeeting = `${report.participants} participants, ${report.publishers} publishing`;
  const { latencyMs, joinMs } = report;
  const cpu = report.serverCpuUsPerDatagram;
  const rows: readonly (readonly [string, string])[] = [
    ['Meetings', `${report.meetings}, each with ${perMeeting}`],
    ['Time', `${report.seconds} s`],
    ['Sent', `${report.sent} datagrams`],
    ['Delivered', `${report.delivered} of ${report.expected}`],
    ['Loss', `${(report.loss * 100).toFixed(3)} %`],
    ['Duplicates', String(report.duplicates)],
    [
      'Latency',
      `p50 ${latencyMs.p50} ms, p95 ${latencyMs.p95} ms, p99 ${latencyMs.p99} ms, p99.9 ${latencyMs.p999} ms`,
    ],
    ['Join', `p50 ${joinMs.p50} ms, p95 ${joinMs.p95} ms, p99 ${joinMs.p99} ms`],
    ['Server CPU', cpu === null ? 'not known (only with --local)' : `${cpu} us per delivered datagram`],
    ['Errors', String(report.errors)],
  ];
  return rows.map(([label, value]) => `  ${label.padEnd(12)}${value}`).join('\n');
}
