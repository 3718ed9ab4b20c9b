// What the kernel says of processes (Linux: /proc).
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** This process's children, their children and so on. */
export function descendants(pid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== undefined) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(entry)]);
  }
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const children = childrenOf.get(next) ?? [];
    found.push(...children);
    queue.push(...children);
  }
  return found;
}

/** Whether the process is there and is more than an entry that its parent has yet to collect. */
export function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  return stateAndParent(pid)?.state !== 'Z';
}

/** UDP and TCP ports on which the given processes listen or are bound. */
export function boundPorts(pids: readonly number[]): number[] {
  const inodes = new Set(pids.flatMap(socketInodes));
  return ['udp', 'udp6', 'tcp', 'tcp6'].flatMap((table) => portsOf(table, inodes));
}

/** Datagrams that the kernel dropped at the given processes' UDP sockets, since those were opened: their buffers were full. */
export function udpDrops(pids: readonly number[]): number {
  const inodes = new Set(pids.flatMap(socketInodes));
  return ['udp', 'udp6']
    .flatMap(rowsOf)
    .filter((fields) => inodes.has(fields[9] ?? ''))
    .reduce((sum, fields) => sum + Number(fields[12] ?? 0), 0);
}

function portsOf(table: string, inodes: ReadonlySet<string>): number[] {
  const LISTEN_OR_UNCONNECTED = new Set(['0A', '07']);
  return rowsOf(table)
    .filter((fields) => inodes.has(fields[9] ?? '') && LISTEN_OR_UNCONNECTED.has(fields[3] ?? ''))
    .map((fields) => Number.parseInt(fields[1]?.split(':')[1] ?? '', 16));
}

/** The fields of each line of a table of sockets, without its heading. */
function rowsOf(table: string): string[][] {
  return readFileSync(`/proc/net/${table}`, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
}

function socketInodes(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`));
      return match?.[1] === undefined ? [] : [match[1]];
    });
  } catch {
    // The process has ended meanwhile.
    return [];
  }
}

function parentOf(pid: number): number | undefined {
  return stateAndParent(pid)?.parent;
}

function stateAndParent(pid: number): { state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    // The process has ended meanwhile.
    return undefined;
  }
}
