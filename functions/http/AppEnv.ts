import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import type { JoinClaims } from '../../shared/token/joinToken.ts';
import type { Caller } from './Access.ts';

/** What a request carries through the app, as Hono's type parameter. */
export interface AppEnv {
  Variables: {
    /** Set where a route requires one. */
    caller: Caller;
    /** Set where a participant of a meeting may call as well, and one does: then there is no `caller`. */
    participant: JoinClaims;
    trace: TraceContext;
    /** Carries the trace id. */
    log: Logger;
    /** What the request is about, once known: meeting_id, controller_id, handler_id. */
    subject: Readonly<Record<string, string>>;
  };
}
