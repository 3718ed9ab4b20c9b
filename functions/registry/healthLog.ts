import type { Logger } from '../../shared/base/log.ts';
import type { HealthChange } from './NodeStore.ts';

export interface HealthChangeCause {
  /** What the nodes are called: "media handler". */
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
}

/** One line for each change, none where the state stays (ledger GC-3). */
export function logHealthChange(
  log: Logger,
  { kind, id, reason }: HealthChangeCause,
  { before, after }: HealthChange,
): void {
  if (before?.state === after.state && (before.drained === true) === (after.drained === true)) return;
  const idName = kind === 'media handler' ? 'handler_id' : 'controller_id';
  log.info('Node health changed', {
    [idName]: id,
    from: before?.state ?? 'unknown',
    to: after.state,
    drained: after.drained === true,
    reason,
  });
}
