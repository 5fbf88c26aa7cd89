import { describe, expect, test } from 'vitest';
import { run, runKnowing, type RunResult } from './driver.ts';
import { fluidBound } from './figures.ts';
import { measure } from './measure.ts';
import { MIXES } from './mixes.ts';
import { oracle } from './oracle.ts';
import { KEYWELL, STRATEGIES } from './strategies.ts';

const mixOf = (name: string) => {
  const found = MIXES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no mix ${name}.`);
  return found;
};
const short = ['load 1.2', 'failures', 'no headers, 10 fixed'].map(mixOf);
const answered = ({ servedAt }: RunResult): number =>
  servedAt.reduce((sum, at) => sum + (Number.isNaN(at) ? 0 : 1), 0);

describe('the exhaustion bench', () => {
  test.each(MIXES.filter(({ name }) => !name.includes('000')))(
    'has an oracle that is never refused, never late and within the fluid bound: $name',
    (mix) => {
      const scenario = mix.draw(3);
      const best = runKnowing(scenario, oracle);
      expect(best).toMatchObject({ refusals: 0, wasted: 0, late: 0 });
      expect(answered(best)).toBeGreaterThan(0.5 * scenario.requests.length);
      expect(answered(best)).toBeLessThanOrEqual(fluidBound(scenario));
    },
  );

  test.each(STRATEGIES)('gives the same result for the same seed: $name', ({ factory }) => {
    const [one, two] = [1, 2].map(() => run(mixOf('failures').draw(1), factory));
    expect(one).toEqual(two);
  });

  test('draws the same traffic for every strategy, and another for another seed', () => {
    const mix = mixOf('bursts');
    expect(mix.draw(1)).toEqual(mix.draw(1));
    expect(mix.draw(1).requests.length).not.toBe(mix.draw(2).requests.length);
  });

  test('answers no request twice, none before it came and none after its deadline', () => {
    for (const { factory } of STRATEGIES) {
      const { scenario, servedAt, servedBy, attempts, refusals, failures } = run(
        mixOf('load 1.2').draw(2),
        factory,
      );
      let served = 0;
      for (const { view } of scenario.requests) {
        const at = servedAt[view.id] ?? Number.NaN;
        expect((servedBy[view.id] ?? -1) >= 0).toBe(!Number.isNaN(at));
        if (Number.isNaN(at)) continue;
        served += 1;
        expect(at).toBeGreaterThanOrEqual(view.arrivedAt);
        expect(at).toBeLessThanOrEqual(view.dispatchBy + 1e-6);
      }
      expect(served).toBeLessThanOrEqual(attempts - refusals - failures);
    }
  });

  test('measures its short form: three mixes, two seeds, every strategy', () => {
    const outcome = measure({
      mixes: short,
      strategies: STRATEGIES,
      seeds: 2,
      after: 0,
      progress: () => undefined,
    });
    expect(outcome.mixes.map(({ mix }) => mix)).toEqual(short.map(({ name }) => name));
    for (const { strategies } of outcome.mixes) {
      const keywell = strategies.find(({ name }) => name === KEYWELL)?.figures;
      expect(keywell?.goodputMean).toBeGreaterThan(0.97);
      expect(keywell?.wastedShare).toBeLessThan(0.005);
      const ordered = strategies.find(({ name }) => name === 'ordered')?.figures;
      expect(ordered?.goodputMean).toBeLessThan(0.95);
      for (const { figures } of strategies) {
        expect(figures.fluid).toBeGreaterThanOrEqual(1);
        expect(figures.wastedShare).toBeLessThanOrEqual(figures.refusedShare);
      }
    }
    // Nothing but computing: where others take the processor it only takes longer.
  }, 120_000);
});
