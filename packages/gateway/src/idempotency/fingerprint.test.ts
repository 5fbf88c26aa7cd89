import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, type CallParts } from './fingerprint.ts';

const CALL: CallParts = {
  path: '/v1/chat/completions',
  query: '',
  asks: null,
  asArray: false,
  modelName: 'smart',
  contentType: null,
  body: Buffer.from('{}'),
};

const formOf = (boundary: string, values: readonly string[]): CallParts => ({
  ...CALL,
  path: '/v1/files',
  contentType: `multipart/form-data; boundary=${boundary}`,
  body: Buffer.from(
    `${values.map((value) => `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value}\r\n`).join('')}--${boundary}--\r\n`,
  ),
});

describe('the fingerprint of a call', () => {
  it.each<Partial<CallParts>>([
    { path: '/v1/responses' },
    { asArray: true },
    { modelName: 'other' },
    { modelName: null },
    { body: Buffer.from('{ }') },
  ])('is another one with %j', (change) => {
    expect(fingerprintOf({ ...CALL, ...change })).not.toBe(fingerprintOf(CALL));
    expect(fingerprintOf({ ...CALL })).toBe(fingerprintOf(CALL));
  });

  it('of a form is the same with every boundary, and another for other values', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '-', '\r\n', '0', '\0'), maxLength: 6 });
    const values = fc.array(value, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(values, values, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        const first = fingerprintOf(formOf('----XdrawnX', one));
        expect(first === fingerprintOf(formOf('--Yanother', other))).toBe(same);
      }),
    );
  });
});
