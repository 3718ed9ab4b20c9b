// What is measured of a worker, and of each router on it (ledger MH-8).
import { Counter, Counters } from './Counters.ts';
import { ForwardingTimes } from './ForwardingTimes.ts';
import { RateSampler } from './RateSampler.ts';

export class Measures {
  readonly counters: Counters;
  readonly forwarding = new ForwardingTimes();
  /** Of the last interval: what came in and what went out, in datagrams and on streams. */
  readonly ratesIn = new RateSampler();
  readonly ratesOut = new RateSampler();

  constructor(counters: Counters = new Counters()) {
    this.counters = counters;
  }

  /** Datagram and stream bytes. */
  get bytesIn(): number {
    return this.counters.value(Counter.datagramBytesIn) + this.counters.value(Counter.streamBytesIn);
  }

  get bytesOut(): number {
    return this.counters.value(Counter.datagramBytesOut) + this.counters.value(Counter.streamBytesOut);
  }

  /** Ends an interval and begins the next. To be called once a second or so. */
  sample(nowMs: number): void {
    this.ratesIn.sample(this.counters.value(Counter.datagramsIn), this.bytesIn, nowMs);
    this.ratesOut.sample(this.counters.value(Counter.datagramsOut), this.bytesOut, nowMs);
    this.forwarding.advance(nowMs);
  }
}
