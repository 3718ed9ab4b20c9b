/** Where the packet path sends to. Declared here, implemented above, so that routing imports nothing upward. */
export interface Destination {
  /**
   * Takes the valid media datagram bytes[at..]. As MediaSession.sendDatagram: synchronous, never throws, allocates nothing.
   * 0 is sent, anything else a drop: its place among the destination's drop reasons, from 1.
   */
  sendDatagram(bytes: Uint8Array, at: number): number;
}
