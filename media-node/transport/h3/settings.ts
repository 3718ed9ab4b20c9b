// SETTINGS (RFC 9114 §7.2.4) and what both sides of a WebTransport session must say in them.
import { err, ok, type Result } from '../../../shared/base/result.ts';
import { encodeVarint, VarintReader } from '../../../shared/webtransport/varint.ts';
import { concatBytes } from './bytes.ts';
import { Bounds, FrameType } from './constants.ts';
import { encodeTlv } from './encodeTlv.ts';
import { type H3Fault, H3Faults } from './fault.ts';

export type Settings = ReadonlyMap<number, number>;

/** RFC 9114 §7.2.4.1, RFC 9220 §5, RFC 9297 §5.1, draft-ietf-webtrans-http3 and its earlier versions. */
export const SettingId = {
  maxFieldSectionSize: 0x06,
  enableConnectProtocol: 0x08,
  h3Datagram: 0x33,
  h3DatagramDraft04: 0xffd277,
  enableWebTransportDraft02: 0x2b603742,
  maxWebTransportSessionsDraft: 0x2b603743,
  maxWebTransportSessions: 0xc671706a,
} as const;

/** Settings of HTTP/2 that HTTP/3 forbids (RFC 9114 §7.2.4.1). */
const FORBIDDEN: ReadonlySet<number> = new Set([0x00, 0x02, 0x03, 0x04, 0x05]);

/** What we say, client or server: the settings that Chromium and Firefox look for, in all the versions they know. */
export const LOCAL_SETTINGS: Settings = new Map([
  [SettingId.maxFieldSectionSize, Bounds.fieldSectionBytes],
  [SettingId.enableConnectProtocol, 1],
  [SettingId.h3Datagram, 1],
  [SettingId.h3DatagramDraft04, 1],
  [SettingId.enableWebTransportDraft02, 1],
  [SettingId.maxWebTransportSessionsDraft, 1],
  [SettingId.maxWebTransportSessions, 1],
]);

/** A SETTINGS frame. */
export function encodeSettings(settings: Settings): Uint8Array {
  const pairs = [...settings].flatMap(([id, value]) => [encodeVarint(id), encodeVarint(value)]);
  return encodeTlv(FrameType.settings, concatBytes(...pairs));
}

/** The value of a SETTINGS frame. */
export function decodeSettings(payload: Uint8Array): Result<Settings, H3Fault> {
  const settings = new Map<number, number>();
  const varint = new VarintReader();
  let id: number | undefined;
  for (const byte of payload) {
    const integer = varint.push(byte);
    if (integer === undefined) continue;
    if (id === undefined) {
      id = integer;
      continue;
    }
    if (FORBIDDEN.has(id) || settings.has(id)) return err(H3Faults.settings);
    if (settings.size >= Bounds.settings) return err(H3Faults.tooManySettings);
    settings.set(id, integer);
    id = undefined;
  }
  return varint.partial || id !== undefined ? err(H3Faults.settings) : ok(settings);
}

/** Whether the peer takes HTTP datagrams, which both sides of a session must. */
export function allowsDatagrams(settings: Settings): boolean {
  return settings.get(SettingId.h3Datagram) === 1 || settings.get(SettingId.h3DatagramDraft04) === 1;
}

/** Whether a server takes WebTransport sessions. */
export function allowsSessions(settings: Settings): boolean {
  const sessions =
    (settings.get(SettingId.maxWebTransportSessions) ?? 0) +
    (settings.get(SettingId.maxWebTransportSessionsDraft) ?? 0) +
    (settings.get(SettingId.enableWebTransportDraft02) ?? 0);
  return settings.get(SettingId.enableConnectProtocol) === 1 && sessions > 0;
}
