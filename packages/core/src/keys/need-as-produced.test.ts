import { expect, test } from 'vitest';
import { PLAIN_CHARGE, type ChargeRule } from './charge-rule.ts';
import { needOf } from './need.ts';
import { QUANTITY } from './quantity.ts';

const size = { inputTokens: 100, maxOutputTokens: 64_000, choices: 1, contextLength: null };
const outputOf = (output: ChargeRule['output'], learned: number): number | undefined =>
  needOf({ ...PLAIN_CHARGE, output }, size, learned).total[QUANTITY.outputTokens];

test('output that is charged as it is produced needs what such a model usually says, never all that was allowed', () => {
  expect(outputOf('as_produced', 900)).toBe(900);
  expect(outputOf('as_produced', 100_000)).toBe(64_000);
});

test('output that is charged upfront needs all that was allowed', () => {
  expect(outputOf('upfront', 900)).toBe(64_000);
});
