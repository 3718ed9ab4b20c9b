import { beforeEach, describe, expect, it } from 'vitest';
import { CachedDenylist, DENYLIST_CACHE_MS } from '../../../../functions/token/CachedDenylist.ts';
import type { Denylist, TokenFacts } from '../../../../functions/token/Denylist.ts';

const TOKEN: TokenFacts = { orgId: 'acme', subject: 'ada', jti: 't-1', issuedAtSeconds: 1 };

/** A store whose answers the test gives. */
class SlowDenylist implements Denylist {
  readonly asked: { readonly answer: (denied: boolean) => void; readonly fail: (error: Error) => void }[] =
    [];

  denies(): Promise<boolean> {
    return new Promise((answer, fail) => this.asked.push({ answer, fail }));
  }

  async denyToken(): Promise<void> {}

  async denySubject(): Promise<void> {}
}

let nowMs: number;
let store: SlowDenylist;
let denylist: CachedDenylist;

beforeEach(async () => {
  nowMs = 1_000;
  store = new SlowDenylist();
  denylist = new CachedDenylist(store, { epochMs: () => nowMs as never, monotonicMs: () => nowMs });
  const first = denylist.denies(TOKEN);
  store.asked[0]?.answer(false);
  await first;
});

describe('CachedDenylist', () => {
  it('GC-18 lets nobody who comes often wait: it looks up what grows old while that still counts', async () => {
    nowMs += DENYLIST_CACHE_MS / 2;
    // The store has not answered, and does not need to.
    expect(await denylist.denies(TOKEN)).toBe(false);
    expect(await denylist.denies(TOKEN)).toBe(false);
    await expect.poll(() => store.asked.length).toBe(2);
    store.asked[1]?.answer(true);
    await expect.poll(() => denylist.denies(TOKEN)).toBe(true);
    expect(store.asked).toHaveLength(2);
  });

  it('GC-15 believes nothing that is older than its time, whatever is under way', async () => {
    nowMs += DENYLIST_CACHE_MS - 1;
    expect(await denylist.denies(TOKEN)).toBe(false);
    await expect.poll(() => store.asked.length).toBe(2);
    nowMs += 1;
    const late = denylist.denies(TOKEN);
    expect(store.asked).toHaveLength(3);
    store.asked[1]?.fail(new Error('Frozen for too long'));
    store.asked[2]?.answer(true);
    expect(await late).toBe(true);
  });

  it('GC-15 goes on with what it knows where the look-up ahead fails, and tells who comes too late', async () => {
    nowMs += DENYLIST_CACHE_MS - 1;
    await denylist.denies(TOKEN);
    await expect.poll(() => store.asked.length).toBe(2);
    store.asked[1]?.fail(new Error('Away'));
    expect(await denylist.denies(TOKEN)).toBe(false);
    nowMs += 1;
    const late = denylist.denies(TOKEN);
    store.asked.at(-1)?.fail(new Error('Away'));
    await expect(late).rejects.toThrow('Away');
  });
});
