// What Keywell has to reach, mix by mix, and whether it does.
import type { MixFigures } from './figures.ts';
import type { Bar, Mix } from './mixes.ts';

/** Shares of the oracle's goodput: mean, worst seed, and of every size tercile and tenant. */
const GOODPUT: Readonly<Record<Bar, readonly [mean: number, worst: number, group: number]>> = {
  plain: [0.99, 0.98, 0.97],
  disturbed: [0.97, 0.95, 0.95],
  silent: [0.95, 0.92, 0.92],
  silent_slow: [0.9, 0.85, 0.85],
};
const WASTED = 0.001;
const REFUSED = 0.01;
const JAIN_MEAN = 0.95;
const JAIN_P5 = 0.9;
const WEIGHT_POINTS = 3;
/** Points of goodput by which a baseline has to fall behind, and in how many mixes, for the mixes to say anything. */
const BEHIND = 0.05;
const BEHIND_IN = 3;

export interface Check {
  readonly what: string;
  readonly value: number;
  readonly bound: number;
  readonly unit: '%' | 'ms' | '' | 'points';
  readonly ok: boolean;
}

export function checksOf(mix: Mix, figures: MixFigures, tenants: number): readonly Check[] {
  const [mean, worst, group] = GOODPUT[mix.bar];
  const atLeast = (what: string, value: number, bound: number, unit: Check['unit']): Check => ({
    what,
    value,
    bound,
    unit,
    ok: value >= bound,
  });
  const atMost = (what: string, value: number, bound: number, unit: Check['unit']): Check => ({
    what,
    value,
    bound,
    unit,
    ok: value <= bound,
  });
  const checks = [
    atLeast('goodput, mean', figures.goodputMean, mean, '%'),
    atLeast('goodput, worst seed', figures.goodputWorst, worst, '%'),
    atLeast(`goodput, ${figures.worstGroup}`, figures.worstGroupShare, group, '%'),
    { ...atMost('wasted', figures.wastedShare, WASTED, '%'), ok: figures.wastedShare < WASTED },
    atMost('refused', figures.refusedShare, REFUSED, '%'),
    atMost('wait p50', figures.longerP50Ms, figures.toleranceMs, 'ms'),
    atMost('wait p90', figures.longerP90Ms, figures.toleranceMs, 'ms'),
    atMost('wait p99', figures.longerP99Ms, figures.toleranceMs, 'ms'),
  ];
  if (tenants > 1) {
    checks.push(atLeast('Jain, mean', figures.jainMean, JAIN_MEAN, ''));
    checks.push(atLeast('Jain, p5', figures.jainP5, JAIN_P5, ''));
  }
  if (mix.weighted) {
    checks.push(atMost('weights', figures.weightError, WEIGHT_POINTS, 'points'));
  }
  return checks;
}

/** Baselines that do not fall behind in enough mixes: then the mixes are too easy to say anything. */
export function tooGoodBaselines(
  goodputs: ReadonlyMap<string, readonly number[]>,
): readonly string[] {
  return [...goodputs]
    .filter(([, each]) => each.filter((value) => value <= 1 - BEHIND).length < BEHIND_IN)
    .map(([name]) => name);
}
