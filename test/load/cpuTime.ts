import { readFileSync } from 'node:fs';

/** The kernel counts a process's CPU time in ticks of this many microseconds (USER_HZ is 100 on every Linux port). */
const TICK_US = 10_000;
/** Fields of /proc/PID/stat after the command name, which may hold spaces: utime and stime (proc(5)). */
const UTIME_FIELD = 11;
const STIME_FIELD = 12;

/** CPU time that these processes have used so far, microseconds; undefined where there is no /proc. */
export function cpuTimeUs(pids: readonly number[]): number | undefined {
  try {
    return pids.reduce(
      (total, pid) => total + processCpuTimeUs(readFileSync(`/proc/${pid}/stat`, 'utf8')),
      0,
    );
  } catch {
    // No /proc (not Linux), or a process that has ended: the figure is not known.
    return undefined;
  }
}

/** User and system time out of the text of /proc/PID/stat. */
export function processCpuTimeUs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME_FIELD]) + Number(fields[STIME_FIELD])) * TICK_US;
}
