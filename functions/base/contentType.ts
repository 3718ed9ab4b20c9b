export const JSON_TYPE = 'application/json';
export const PROTOBUF = 'application/x-protobuf';
