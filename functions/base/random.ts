/** A number from 0 (included) to 1 (excluded), evenly distributed. */
export type Random = () => number;

/** 53 random bits from the cryptographic source (ledger GC-4). */
export const cryptoRandom: Random = () => {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
};
