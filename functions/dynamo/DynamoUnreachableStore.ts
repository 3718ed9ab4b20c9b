import * as z from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { Assignment } from '../assignment/Assignment.ts';
import { MAX_REPORTERS, REPORT_WINDOW_MS, type UnreachableStore } from '../assignment/UnreachableStore.ts';
import { keys } from './keys.ts';
import { expiryAttribute, type Table } from './Table.ts';

const itemSchema = z.object({ reporters: z.array(z.string()) });
/** Two reports can come first at the same time once; after that there is an item. */
const MAX_ATTEMPTS = 5;

/** One item an assignment, with the list of who has reported. It expires with the window, which begins a new count. */
export class DynamoUnreachableStore implements UnreachableStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async report(
    { meetingId, region, generation }: Assignment,
    reporter: string,
    atMs: EpochMs,
  ): Promise<number> {
    const key = keys.unreachable(meetingId, region, generation);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = await this.#table.update(key, {
        update: {
          text: 'SET #reporters = list_append(#reporters, :one)',
          values: { one: [reporter] },
        },
        condition: {
          text: '#expires_at > :nowSeconds AND NOT contains(#reporters, :reporter) AND size(#reporters) < :most',
          values: { nowSeconds: Math.floor(atMs / 1_000), reporter, most: MAX_REPORTERS },
        },
      });
      if (before !== undefined) return reportersOf(before) + 1;
      const item = await this.#table.get(key);
      if (item !== undefined) return reportersOf(item);
      const first = { reporters: [reporter], ...expiryAttribute(atMs + REPORT_WINDOW_MS) };
      if (await this.#table.put(key, first, this.#table.absent())) return 1;
    }
    throw new ApiError('INTERNAL_ERROR', 'The report could not be counted: try again shortly', {
      status: 503,
      retryAfterSeconds: 1,
    });
  }
}

function reportersOf(item: unknown): number {
  return itemSchema.parse(item).reporters.length;
}
