import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../../../shared/base/closeCode.ts';
import { ENV } from '../../../../shared/base/env.ts';

describe('close codes', () => {
  it('MH-10 are each their own and fit the 32 bits of a session close', () => {
    const codes = Object.values(CloseCode);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.every((code) => code === 0 || (code >= 4_400 && code < 4_600))).toBe(true);
  });
});

describe('environment names', () => {
  it('are each their own and carry the prefix', () => {
    const names = Object.values(ENV);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^DARK_TOWER_[A-Z_]+$/.test(name))).toEqual([]);
  });
});
