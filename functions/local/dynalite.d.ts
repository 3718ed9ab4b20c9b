declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** Directory of the LevelDB store; absent keeps it in memory. */
    path?: string;
    /** How long a new table is CREATING, ms. */
    createTableMs?: number;
  }

  /** An HTTP server that speaks DynamoDB. Closing it closes the store. */
  export default function dynalite(options?: DynaliteOptions): Server;
}
