import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fromAttributes,
  type Item,
  toAttribute,
  toAttributes,
} from '../../../../functions/dynamo/attributes.ts';

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
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

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuse %d', (number) => {
    expect(() => toAttribute(number)).toThrow('An attribute must be a finite number');
  });

  it('refuse types that are not ours', () => {
    expect(() => fromAttributes({ a: { SS: ['x'] } })).toThrow('got SS');
  });
});
