/** What came in on one published stream, or went out to one subscriber. Only counts up; exact up to 2^53. */
export interface StreamTraffic {
  datagrams: number;
  /** Of the datagrams, without the transport's prefix. */
  bytes: number;
  /** QUIC streams, on which key frames go. */
  streams: number;
  streamBytes: number;
}

export function noTraffic(): StreamTraffic {
  return { datagrams: 0, bytes: 0, streams: 0, streamBytes: 0 };
}

export function addTraffic(
  total: StreamTraffic,
  { datagrams, bytes, streams, streamBytes }: StreamTraffic,
): void {
  total.datagrams += datagrams;
  total.bytes += bytes;
  total.streams += streams;
  total.streamBytes += streamBytes;
}
