import type { Logger } from '../../../shared/base/log.ts';

/**
 * Keeps the process alive when a promise is rejected that nobody looks at, which ends a Deno process by default: one
 * session's failure must not take all others along (ledger MH-10). Every place of ours that can be rejected has its
 * handler; this is the net under them, and what falls into it is logged, by the logger then in use, as the bug it is.
 */
export function installRejectionGuard(log: () => Logger): void {
  globalThis.addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    log().error('Unhandled rejection', { error: event.reason });
  });
}
