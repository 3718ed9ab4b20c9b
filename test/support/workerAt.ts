import type { LocalSystem } from '../../infra/local/LocalSystem.ts';
import { boundPorts, descendants } from './processes.ts';

/** The process id of the worker that has this UDP port now, also when it was started in the place of another. */
export function workerAt(system: Pick<LocalSystem, 'pids'>, udpPort: number): number {
  const candidates = new Set(system.pids.flatMap((pid) => [pid, ...descendants(pid)]));
  const pid = [...candidates].find((candidate) => boundPorts([candidate]).includes(udpPort));
  if (pid === undefined) throw new Error(`No process of the system has UDP port ${udpPort}`);
  return pid;
}
