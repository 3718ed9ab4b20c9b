// Import this before a generated protobuf module. Where the package `long` can be found, protobufjs hands out 64-bit
// integers as its objects, which compare and add wrongly as the numbers that the generated types promise. Ours fit 53 bits
// (microseconds since the epoch until 2255); a larger one from a peer is rounded, never a throw.
import protobuf from 'protobufjs/minimal.js';

(protobuf.util as { Long: unknown }).Long = null;
protobuf.configure();
