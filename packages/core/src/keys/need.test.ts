import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAIN_CHARGE, type ChargeRule } from './charge-rule.ts';
import { QUANTITY } from './quantity.ts';
import { chargedOf, needFrom, needOf, wantedOf, type RequestSize } from './need.ts';

const size = (more: Partial<RequestSize> = {}): RequestSize => ({
  inputTokens: 1000,
  maxOutputTokens: 300,
  choices: 1,
  contextLength: 8000,
  ...more,
});
const rule = (more: Partial<ChargeRule>): ChargeRule => ({ ...PLAIN_CHARGE, ...more });
const upfront = rule({ output: 'upfront', settlesTo: 'upfront' });
const price = { inputMicros: 2_000_000, cachedInputMicros: 500_000, outputMicros: 10_000_000 };

/** Tokens in all, of input, of output; then what of them comes late. */
type Row = readonly [
  string,
  ChargeRule,
  Partial<RequestSize>,
  readonly number[],
  readonly number[],
];
const ROWS: readonly Row[] = [
  ['takes the allowance at once', upfront, {}, [1300, 1000, 300], [0, 0, 0]],
  ['takes it for each choice', upfront, { choices: 3 }, [1900, 1000, 900], [0, 0, 0]],
  [
    'takes what was learned for none',
    upfront,
    { maxOutputTokens: null },
    [1500, 1000, 500],
    [0, 0, 0],
  ],
  [
    'takes the rest of the context for none',
    rule({ output: 'upfront', unsetAllowance: 'context_length' }),
    { maxOutputTokens: null },
    [8000, 1000, 7000],
    [0, 0, 0],
  ],
  [
    'takes no more of it than the model can write',
    rule({ output: 'upfront', unsetAllowance: 'context_length' }),
    { maxOutputTokens: null, mostOutputTokens: 2000 },
    [3000, 1000, 2000],
    [0, 0, 0],
  ],
  [
    'takes what was learned where no context is known',
    rule({ output: 'upfront', unsetAllowance: 'context_length' }),
    { maxOutputTokens: null, contextLength: null },
    [1500, 1000, 500],
    [0, 0, 0],
  ],
  [
    'charges output as it comes',
    rule({ output: 'as_produced' }),
    {},
    [1300, 1000, 300],
    [300, 0, 300],
  ],
  [
    'expects what was learned, not the allowance, where output is charged as it comes',
    rule({ output: 'as_produced' }),
    { maxOutputTokens: 4000 },
    [1500, 1000, 500],
    [500, 0, 500],
  ],
  ['charges output at the end', rule({ output: 'at_end' }), {}, [1300, 1000, 300], [300, 0, 300]],
  ['charges no output', rule({ output: 'never' }), {}, [1000, 1000, 0], [0, 0, 0]],
  [
    'burns output down faster',
    rule({ output: 'upfront', outputFactor: 5 }),
    {},
    [2500, 1000, 1500],
    [0, 0, 0],
  ],
];

describe('needOf', () => {
  it.each(ROWS)('%s', (...[, charge, more, total, late]) => {
    const need = needOf(charge, size(more), 500);
    expect(need.total).toEqual([1, ...total, 0, 1]);
    expect(need.late).toEqual([0, ...late, 0, 1]);
  });

  it('counts money where a price is known, all of it late', () => {
    const need = needOf(upfront, size(), 500, price);
    expect([need.total[4], need.late[4]]).toEqual([1000 * 2 + 300 * 10, 5000]);
  });

  it('is made of numbers that can be calculated with, whatever the sizes say', () => {
    const anything = fc.oneof(fc.double(), fc.constantFrom(-1, 0, Infinity, Number.NaN, 1e308));
    fc.assert(
      fc.property(
        fc.record({
          inputTokens: anything,
          maxOutputTokens: fc.option(anything),
          choices: anything,
          contextLength: fc.option(anything),
        }),
        anything,
        fc.record({
          output: fc.constantFrom('upfront', 'as_produced', 'at_end', 'never'),
          unsetAllowance: fc.constantFrom('learned', 'context_length'),
          outputFactor: anything,
        }),
        (of, learned, said) => {
          const charge = rule(said);
          const need = needOf(charge, of, learned, price);
          const charged = chargedOf(
            charge,
            { inputTokens: learned, outputTokens: of.inputTokens, cachedTokens: of.choices },
            need,
            price,
          );
          for (const amount of [...need.total, ...need.late, ...charged]) {
            expect(amount).toBeGreaterThanOrEqual(0);
            expect(amount).toBeLessThan(Infinity);
          }
          for (const [at, amount] of need.late.entries()) {
            expect(amount).toBeLessThanOrEqual(need.total[at] ?? -1);
          }
        },
      ),
    );
  });
});

describe('chargedOf', () => {
  const usage = { inputTokens: 1000, outputTokens: 40, cachedTokens: 600 };

  it.each([
    ['what was used', rule({}), [1, 1040, 1000, 40, 0, 0]],
    ['no input from the cache', rule({ cachedInput: 'excluded' }), [1, 440, 400, 40, 0, 0]],
    ['input from the cache apart', rule({ cachedInput: 'apart' }), [1, 440, 400, 40, 0, 0]],
    ['output burnt down', rule({ outputFactor: 5 }), [1, 1200, 1000, 200, 0, 0]],
    ['all that was taken at once', upfront, [1, 1300, 1000, 300, 0, 0]],
    ['no output', rule({ output: 'never' }), [1, 1000, 1000, 0, 0, 0]],
  ] as const)('is %s', (_, charge, charged) => {
    expect(chargedOf(charge, usage, needOf(charge, size()))).toEqual(charged);
  });

  it('is the need where no usage is known, and the place is free in any case', () => {
    expect(chargedOf(PLAIN_CHARGE, null, needOf(PLAIN_CHARGE, size()))).toEqual([
      1, 1300, 1000, 300, 0, 0,
    ]);
  });

  it('counts cached input at its own price', () => {
    const charged = chargedOf(PLAIN_CHARGE, usage, needOf(PLAIN_CHARGE, size()), price);
    expect(charged[4]).toBe(400 * 2 + 600 * 0.5 + 40 * 10);
  });
});

describe('needFrom', () => {
  it('is one request and one place unless it says otherwise', () => {
    expect(needFrom({ tokens: 9 }, { tokens: 20 })).toEqual({
      total: [1, 9, 0, 0, 0, 1],
      late: [0, 9, 0, 0, 0, 1],
    });
  });
});

describe('what a need wants of a limit', () => {
  const tokens = QUANTITY.tokens;
  const unnamed = needOf(upfront, size({ maxOutputTokens: null }), 500);
  const named = needOf(upfront, size({ maxOutputTokens: 500 }), 500);

  it('is all of it while the limit can hold that', () => {
    expect([wantedOf(unnamed, tokens, 1500), wantedOf(named, tokens, 1500)]).toEqual([1500, 1500]);
  });

  it('is the whole limit where only output that nobody asked for is more', () => {
    expect(wantedOf(unnamed, tokens, 1200)).toBe(1200);
    const produced = needOf(rule({ output: 'as_produced' }), size({ maxOutputTokens: 4000 }), 500);
    expect(wantedOf(produced, QUANTITY.outputTokens, 300)).toBe(300);
  });

  it('never fits where the input alone is more, or what the caller named', () => {
    expect(wantedOf(unnamed, tokens, 900)).toBe(Infinity);
    expect(wantedOf(unnamed, QUANTITY.inputTokens, 900)).toBe(Infinity);
    expect(wantedOf(named, tokens, 1200)).toBe(Infinity);
    const whole = rule({ output: 'upfront', unsetAllowance: 'context_length' });
    expect(wantedOf(needOf(whole, size({ maxOutputTokens: null })), tokens, 1200)).toBe(Infinity);
  });
});
