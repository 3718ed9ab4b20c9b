/** Control-plane bodies as protobuf (protocol, section 7). */
export const PROTOBUF = 'application/x-protobuf';
/** The same bodies as JSON, and everything else. */
export const JSON_TYPE = 'application/json';
