import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fromAttributes,
  type Item,
  toAttribute,
  toAttributes,
} from '../../../../functions/dynamo/attributes.ts';

/** DynamoDB has no number between 0 and 1e-130. */
function roundTiny(value: number): number {
  return Math.abs(value) < 1e-130 ? 0 : value;
}

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ min: -1e125, max: 1e125, noNaN: true }).map(roundTiny),
  fc.boolean(),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('value')),
  ),
}));

describe('attributes', () => {
  it('come back from DynamoDB’s form as they were', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value), (item) => {
        const plain: Item = JSON.parse(JSON.stringify(item));
        expect(fromAttributes(toAttributes(plain))).toEqual(plain);
      }),
    );
  });

  it('leave out what is undefined', () => {
    expect(toAttributes({ a: undefined, b: 1 })).toEqual({ b: { N: '1' } });
  });

  it('GC-2 hold numbers that are too small for DynamoDB as 0', () => {
    expect(toAttribute(5e-324)).toEqual({ N: '0' });
    expect(toAttribute(-1e-131)).toEqual({ N: '0' });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e126])('refuse %d', (number) => {
    expect(() => toAttribute(number)).toThrow('An attribute must be a number of at most');
  });

  it('refuse types that are not ours', () => {
    expect(() => fromAttributes({ a: { SS: ['x'] } })).toThrow('got SS');
  });
});
