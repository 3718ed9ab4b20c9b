import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../../media-node/transport/h3/bytes.ts';
import { ControlStreamReader } from '../../../../media-node/transport/h3/ControlStreamReader.ts';
import { Bounds } from '../../../../media-node/transport/h3/constants.ts';
import { encodeTlv } from '../../../../media-node/transport/h3/encodeTlv.ts';
import { type H3Fault, H3Faults } from '../../../../media-node/transport/h3/fault.ts';
import {
  allowsDatagrams,
  allowsSessions,
  decodeSettings,
  encodeSettings,
  LOCAL_SETTINGS,
  SettingId,
  type Settings,
} from '../../../../media-node/transport/h3/settings.ts';
import { encodeVarint } from '../../../../shared/webtransport/varint.ts';
import { CHROMIUM_CONTROL_STREAM, hex } from './golden.ts';

function readControl(...chunks: Uint8Array[]): {
  settings: Settings | undefined;
  fault: H3Fault | undefined;
} {
  let settings: Settings | undefined;
  const reader = new ControlStreamReader((read) => {
    settings = read;
  });
  let fault: H3Fault | undefined;
  for (const chunk of chunks) fault = reader.push(chunk);
  return { settings, fault };
}

describe('control stream', () => {
  const chromium = CHROMIUM_CONTROL_STREAM.subarray(1);

  it('reads what Chromium sends, whole and byte by byte', () => {
    const whole = readControl(chromium);
    expect(whole.fault).toBeUndefined();
    expect(whole.settings?.get(SettingId.h3Datagram)).toBe(1);
    expect(whole.settings?.size).toBe(7);
    expect(allowsDatagrams(whole.settings ?? new Map())).toBe(true);
    expect(readControl(...[...chromium].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it('says what Chromium and Firefox look for', () => {
    expect(encodeSettings(LOCAL_SETTINGS)).toEqual(
      hex('04 21 06 80004000 08 01 33 01 80ffd277 01 ab603742 01 ab603743 01 c0000000c671706a 01'),
    );
    const { settings } = readControl(encodeSettings(LOCAL_SETTINGS));
    expect(settings).toEqual(LOCAL_SETTINGS);
    expect(allowsSessions(LOCAL_SETTINGS)).toBe(true);
    expect(allowsSessions(new Map([[SettingId.h3Datagram, 1]]))).toBe(false);
    expect(allowsDatagrams(new Map())).toBe(false);
  });

  it('skips the frames that mean nothing to a session, however long', () => {
    const goAway = encodeTlv(0x07, Uint8Array.of(0));
    const reserved = encodeTlv(0x21, new Uint8Array(100_000));
    expect(readControl(chromium, goAway, reserved, goAway).fault).toBeUndefined();
  });

  it.each([
    ['another frame before the settings', '070100', H3Faults.missingSettings],
    ['settings twice', '04000400', H3Faults.frameUnexpected],
    ['data', '04000000', H3Faults.frameUnexpected],
    ['a header section', '04000100', H3Faults.frameUnexpected],
    ['a PING of HTTP/2', '04000600', H3Faults.frameUnexpected],
    ['a setting of HTTP/2', '04020201', H3Faults.settings],
    ['a setting twice', '040433013301', H3Faults.settings],
    ['a setting without its value', '040133', H3Faults.settings],
    ['a setting that is cut', '0402087f', H3Faults.settings],
    ['settings over the bound', '0480010000', H3Faults.frameTooLarge],
  ])('MH-10 answers %s with a fault', (_what, bytes, fault) => {
    expect(readControl(hex(bytes)).fault).toEqual(fault);
  });

  it('MH-10 bounds the number of settings', () => {
    const pairs = (count: number) =>
      concatBytes(
        ...Array.from({ length: count }, (_, index) =>
          concatBytes(encodeVarint(100 + index), Uint8Array.of(1)),
        ),
      );
    expect(decodeSettings(pairs(Bounds.settings)).ok).toBe(true);
    expect(decodeSettings(pairs(Bounds.settings + 1))).toEqual({
      ok: false,
      reason: H3Faults.tooManySettings,
    });
  });
});
