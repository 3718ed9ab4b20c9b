const BY_PREFIX: readonly (readonly [string, string])[] = [
  ['opus', 'Opus'],
  ['vp8', 'VP80'],
  ['vp09', 'VP90'],
  ['av01', 'AV01'],
  ['avc1', 'H264'],
];

/** FourCC of a WebCodecs codec string, for the header of media streams; `RAW ` for one that has none. */
export function fourCcOf(codec: string): string {
  return BY_PREFIX.find(([prefix]) => codec.startsWith(prefix))?.[1] ?? 'RAW ';
}
