// What the controllers that were asked for a meeting said, and what that tells whoever wants to join it (ledger GC-4).
import type { RejectionReason } from '../controllers/ControllerClient.ts';
import { EXCLUSIONS, type Exclusion, type Shortage } from './select.ts';

/** How a controller that was asked did not take the meeting: its own reason, or no usable answer. */
export type Refusal = RejectionReason | 'NO_ANSWER';

const TEXTS: Readonly<Record<Refusal, string>> = {
  AT_CAPACITY: 'at capacity',
  NODE_DRAINING: 'draining',
  NODE_UNHEALTHY: 'unhealthy',
  NO_ANSWER: 'not answering',
};

/** By reason: `{ AT_CAPACITY: 2, NO_ANSWER: 1 }`. */
export function countRefusals(refusals: Iterable<Refusal>): Partial<Record<Refusal, number>> {
  const counts: Partial<Record<Refusal, number>> = {};
  for (const refusal of refusals) counts[refusal] = (counts[refusal] ?? 0) + 1;
  return counts;
}

/** "2 at capacity, 1 not answering". */
export function describeRefusals(refusals: Iterable<Refusal>): string {
  return list(new Map(), countRefusals(refusals));
}

/**
 * "none of 3 is free: 2 at capacity, 1 not answering": those that were asked with what they said, the others with what
 * put them out.
 */
export function describeShortageOfAsked(
  { considered, excluded }: Shortage,
  refusals: ReadonlyMap<string, Refusal>,
): string {
  if (considered === 0 && refusals.size === 0) return 'none has reported lately';
  const counts = new Map<Exclusion, number>();
  for (const exclusion of EXCLUSIONS) counts.set(exclusion, excluded[exclusion] ?? 0);
  // One that was asked may be out of the index by now; one that was left out without being asked cannot be reached.
  const unreachable = Math.max(0, (excluded.already_asked ?? 0) - refusals.size);
  counts.set('already_asked', 0);
  const parts = list(counts, countRefusals(refusals.values()));
  const all = [parts, unreachable > 0 ? `${unreachable} out of reach of participants` : ''];
  return `none of ${Math.max(considered, refusals.size)} is free: ${all.filter((part) => part !== '').join(', ')}`;
}

function list(
  excluded: ReadonlyMap<Exclusion, number>,
  refused: Readonly<Partial<Record<Refusal, number>>>,
): string {
  const counts = new Map<string, number>();
  const add = (text: string, count: number): void => {
    if (count > 0) counts.set(text, (counts.get(text) ?? 0) + count);
  };
  for (const [refusal, text] of Object.entries(TEXTS)) add(text, refused[refusal as Refusal] ?? 0);
  for (const [exclusion, count] of excluded) add(exclusion.replaceAll('_', ' '), count);
  return [...counts].map(([text, count]) => `${count} ${text}`).join(', ');
}
