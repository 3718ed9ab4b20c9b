export const JSON_TYPE = 'application/json';
export const PROTOBUF = 'application/x-protobuf';
export const FORM = 'application/x-www-form-urlencoded';
