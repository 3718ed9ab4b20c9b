// Keys of an issuer over time: a fake issuer that rotates, is away, or answers rubbish.
import { exportJWK, generateKeyPair, type JWK, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  COOLDOWN_MS,
  EMPTY_COOLDOWN_MS,
  LAST_GOOD_MS,
  MAX_AGE_MS,
  remoteKeySet,
} from '../../../../functions/token/RemoteKeySet.ts';
import { silentLogger } from '../../../../shared/base/log.ts';
import { TestClock } from '../support/ControlPlane.ts';

interface Key {
  readonly jwk: JWK;
  readonly sign: () => Promise<string>;
}

async function makeKey(kid: string): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' },
    sign: () => new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey),
  };
}

let clock: TestClock;
let answer: () => Response | Promise<Response>;
let fetches: number;
let keys: JWTVerifyGetKey;

beforeEach(() => {
  clock = new TestClock();
  fetches = 0;
  keys = remoteKeySet({
    url: 'https://issuer.example/keys',
    clock,
    log: silentLogger,
    fetch: async () => {
      fetches += 1;
      return await answer();
    },
  });
});

const serving = (...served: Key[]): (() => Response) => {
  return () => Response.json({ keys: served.map(({ jwk }) => jwk) });
};
const verify = async (key: Key): Promise<void> => void (await jwtVerify(await key.sign(), keys));
const away = (): never => {
  throw new TypeError('fetch failed');
};

describe('keys of an issuer', () => {
  it('GC-15 are fetched once for many tokens, also at once, and again when they are old', async () => {
    const one = await makeKey('1');
    answer = serving(one);
    await Promise.all(Array.from({ length: 20 }, () => verify(one)));
    expect(fetches).toBe(1);
    clock.advance(MAX_AGE_MS);
    await verify(one);
    expect(fetches).toBe(2);
  });

  it('GC-15 rotate without a restart: a new key is asked for, and the withdrawn one is refused', async () => {
    const [one, two] = [await makeKey('1'), await makeKey('2')];
    answer = serving(one);
    await verify(one);
    clock.advance(COOLDOWN_MS);
    answer = serving(two);
    await verify(two);
    await expect(verify(one)).rejects.toThrow('no applicable key');
  });

  it('GC-15 are not asked for again and again by tokens with made-up key ids', async () => {
    const [one, foreign] = [await makeKey('1'), await makeKey('x')];
    answer = serving(one);
    for (let turn = 0; turn < 10; turn++) await expect(verify(foreign)).rejects.toThrow('no applicable key');
    expect(fetches).toBe(1);
    clock.advance(COOLDOWN_MS);
    await expect(verify(foreign)).rejects.toThrow('no applicable key');
    expect(fetches).toBe(2);
  });

  it('GC-15 that were good last count while the issuer is away, for a day', async () => {
    const one = await makeKey('1');
    answer = serving(one);
    await verify(one);
    answer = away;
    clock.advance(LAST_GOOD_MS - 1);
    await verify(one);
    await verify(one);
    expect(fetches).toBe(2);
    clock.advance(1);
    await expect(verify(one)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 5 });
    answer = serving(one);
    clock.advance(EMPTY_COOLDOWN_MS);
    await verify(one);
  });

  it.each([
    ['nobody answers', away],
    ['it answers with a failure', () => new Response('', { status: 500 })],
    ['it answers with something else', () => new Response('<html>')],
    ['it answers with JSON of another kind', () => Response.json({ keys: 'none' })],
    ['it answers without an end', () => new Response('x'.repeat(300_000))],
  ])('GC-15 are missing with 503, and are there again soon, when %s', async (_name, bad) => {
    const one = await makeKey('1');
    answer = bad;
    await expect(verify(one)).rejects.toMatchObject({ status: 503 });
    await expect(verify(one)).rejects.toMatchObject({ status: 503 });
    expect(fetches).toBe(1);
    answer = serving(one);
    clock.advance(EMPTY_COOLDOWN_MS);
    await verify(one);
  });
});
