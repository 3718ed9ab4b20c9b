/** A number from 0 (included) to 1 (excluded), evenly distributed. */
export type Random = () => number;

/** Values fetched at once: a call of the cryptographic source costs as much as hundreds of its bytes. */
const POOL = new Uint32Array(512);
let used = POOL.length;

/** 53 random bits from the cryptographic source (ledger GC-4). */
export const cryptoRandom: Random = () => {
  if (used === POOL.length) {
    crypto.getRandomValues(POOL);
    used = 0;
  }
  const high = POOL[used++] ?? 0;
  const low = POOL[used++] ?? 0;
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
};
