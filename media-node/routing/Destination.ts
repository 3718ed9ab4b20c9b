/** Where the packet path sends to. Declared here, implemented by transport, so that routing imports nothing upward. */
export interface Destination {
  /** As MediaSession.sendDatagram: synchronous, never throws, allocates nothing. 0 is sent, anything else a drop. */
  sendDatagram(bytes: Uint8Array, at: number): number;
}
