// Result of a load test: what the load client measured, and how it is shown.

type Quantiles<Name extends string> = Readonly<Record<Name, number | null>>;

export interface LoadReport {
  /** In each meeting. */
  readonly participants: number;
  /** In each meeting. */
  readonly publishers: number;
  readonly meetings: number;
  readonly seconds: number;
  /** Datagrams that publishers sent. */
  readonly sent: number;
  /** Datagrams that should have arrived: each sent or planned one, at each subscriber that its meeting should have. */
  readonly expected: number;
  /** Datagrams that arrived, each counted once a subscriber. */
  readonly delivered: number;
  /** 0 to 1: what is missing of expected. */
  readonly loss: number;
  readonly duplicates: number;
  /** From capture to arrival; null when nothing arrived. */
  readonly latencyMs: Quantiles<'p50' | 'p95' | 'p99' | 'p999'>;
  /** From the REST call to the media session being ready; null when nobody joined. */
  readonly joinMs: Quantiles<'p50' | 'p95' | 'p99'>;
  /** CPU time of the media handler's workers per delivered datagram; null when it cannot be read. */
  readonly serverCpuUsPerDatagram: number | null;
  /** Participants that failed to join, sessions that ended early, requests that were refused. */
  readonly errors: number;
}

/** A table for a person. */
export function formatReport(report: LoadReport): string {
  const perMeeting = `${report.participants} participants, ${report.publishers} publishing`;
  const { latencyMs, joinMs } = report;
  const ms = (value: number | null): string => (value === null ? '–' : `${value} ms`);
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
      `p50 ${ms(latencyMs.p50)}, p95 ${ms(latencyMs.p95)}, p99 ${ms(latencyMs.p99)}, p99.9 ${ms(latencyMs.p999)}`,
    ],
    ['Join', `p50 ${ms(joinMs.p50)}, p95 ${ms(joinMs.p95)}, p99 ${ms(joinMs.p99)}`],
    ['Server CPU', cpu === null ? 'not known (only with --local)' : `${cpu} us per delivered datagram`],
    ['Errors', String(report.errors)],
  ];
  return rows.map(([label, value]) => `  ${label.padEnd(12)}${value}`).join('\n');
}
