import { useEffect, useState } from 'preact/hooks';

/** Renders again each `intervalMs`. Returns the number of ticks so far. */
export function useTick(intervalMs: number): number {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((old) => old + 1), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
  return tick;
}
