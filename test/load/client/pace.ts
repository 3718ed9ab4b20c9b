const TICK_MS = 1;

/**
 * Calls `send` `ratePerSecond` times a second for each of `senders` senders, evenly spread, for `durationMs`. What a late
 * timer missed is caught up at once, so that the rate holds on a busy machine.
 */
export async function pace(
  senders: number,
  ratePerSecond: number,
  durationMs: number,
  send: (sender: number) => void,
): Promise<void> {
  const intervalMs = 1_000 / ratePerSecond;
  const perSender = Math.floor((durationMs * ratePerSecond) / 1_000);
  const startMs = performance.now();
  const done = new Uint32Array(senders);
  for (let remaining = senders * perSender; remaining > 0; ) {
    const elapsedMs = performance.now() - startMs;
    for (let sender = 0; sender < senders; sender++) {
      // Senders start at different moments, as people do.
      const phaseMs = (intervalMs * sender) / senders;
      const due = Math.min(perSender, Math.floor((elapsedMs - phaseMs) / intervalMs) + 1);
      for (; (done[sender] ?? 0) < due; done[sender] = (done[sender] ?? 0) + 1) {
        send(sender);
        remaining--;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}
