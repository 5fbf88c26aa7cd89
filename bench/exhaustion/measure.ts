// Runs strategies on mixes and seeds, each against the oracle on the same scenario.
import { run, runKnowing } from './driver.ts';
import { mixFigures, seedFigures, type MixFigures, type SeedFigures } from './figures.ts';
import { MIXES, type Mix } from './mixes.ts';
import { checksOf, tooGoodBaselines, type Check } from './musts.ts';
import { DENIED, oracle } from './oracle.ts';
import { KEYWELL, type NamedStrategy } from './strategies.ts';

export interface StrategyFigures {
  readonly name: string;
  readonly title: string;
  readonly figures: MixFigures;
}

export interface MixReport {
  readonly mix: string;
  readonly requests: number;
  /** Share of requests that the oracle answered. */
  readonly oracleAnswered: number;
  readonly strategies: readonly StrategyFigures[];
  /** An oracle that is denied something, against the oracle. */
  readonly denied: DeniedFigures | null;
  /** Of Keywell; empty where it did not run. */
  readonly checks: readonly Check[];
}

export interface DeniedFigures {
  readonly title: string;
  readonly figures: MixFigures;
}

export interface Outcome {
  readonly mixes: readonly MixReport[];
  /** Baselines that did too well for the mixes to say anything; only with every mix. */
  readonly tooGood: readonly string[];
  readonly ok: boolean;
}

export interface Wanted {
  readonly mixes: readonly Mix[];
  readonly strategies: readonly NamedStrategy[];
  readonly seeds: number;
  /** The seed before the first. */
  readonly after: number;
  readonly progress: (line: string) => void;
}

export function measure(wanted: Wanted): Outcome {
  const mixes = wanted.mixes.map((mix) => measureMix(mix, wanted));
  const goodputs = new Map<string, number[]>();
  for (const { strategies } of mixes) {
    for (const { name, figures } of strategies) {
      goodputs.set(name, [...(goodputs.get(name) ?? []), figures.goodputMean]);
    }
  }
  goodputs.delete(KEYWELL);
  const tooGood = wanted.mixes.length === MIXES.length ? tooGoodBaselines(goodputs) : [];
  const missed = mixes.some(({ checks }) => checks.some((check) => !check.ok));
  return { mixes, tooGood, ok: !missed && tooGood.length === 0 };
}

function measureMix(mix: Mix, { strategies, seeds, after, progress }: Wanted): MixReport {
  const figures = new Map<string, SeedFigures[]>(strategies.map(({ name }) => [name, []]));
  const denied: SeedFigures[] = [];
  let requests = 0;
  let answered = 0;
  let tenants = 1;
  const from = performance.now();
  for (let seed = after + 1; seed <= after + seeds; seed += 1) {
    const scenario = mix.draw(seed);
    const best = runKnowing(scenario, oracle);
    if (best.refusals > 0) throw new Error(`the oracle was refused in ${mix.name}, seed ${seed}`);
    requests += scenario.requests.length;
    tenants = scenario.tenants.length;
    answered += seedFigures(best, best, false).answered / seeds;
    if (mix.denied !== null) {
      const poorer = runKnowing(scenario, DENIED[mix.denied].factory);
      denied.push(seedFigures(poorer, best, mix.weighted));
    }
    for (const { name, factory } of strategies) {
      figures.get(name)?.push(seedFigures(run(scenario, factory), best, mix.weighted));
    }
  }
  progress(`${mix.name}: ${((performance.now() - from) / 1000).toFixed(1)} s`);
  const all = strategies.map(({ name, title }) => ({
    name,
    title,
    figures: mixFigures(figures.get(name) ?? []),
  }));
  const ours = all.find(({ name }) => name === KEYWELL);
  return {
    mix: mix.name,
    requests,
    oracleAnswered: answered,
    strategies: all,
    denied:
      mix.denied === null ? null : { title: DENIED[mix.denied].title, figures: mixFigures(denied) },
    checks: ours === undefined ? [] : checksOf(mix, ours.figures, tenants),
  };
}
