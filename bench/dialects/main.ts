// npm run bench:dialects: what translating costs, call by call, event by event, picture by picture, beside the same call untranslated.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startTool } from '../children.ts';
import { commitName } from '../commit-name.ts';
import { median } from '../figures.ts';
import { describeMachine } from '../report.ts';
import { startKeywell, type Keywell } from './keywell.ts';
import {
  driveDirect,
  measure,
  measureLarge,
  taskDirect,
  taskThrough,
  type Cost,
  type LargeCall,
} from './loads.ts';
import { PAIRS, pairName, type Pair } from './pieces.ts';
import { pieceFigures } from './piece-figures.ts';
import { noteLoad, saveReport, type CallFigures, type DialectReport } from './report.ts';

const HELP = `npm run bench:dialects -- [options]
  --quick        two short rounds, nothing written
  --rounds N     rounds (default 7, with --quick 2)
  --only A,B     only these of: pieces, calls, streams, pictures
  --pair TEXT    only pairs whose name holds the text, beside the untranslated one
`;

const SECTIONS = ['pieces', 'calls', 'streams', 'pictures'] as const;
type Section = (typeof SECTIONS)[number];

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');

const within = (dialect: Pair['caller']): Pair => ({ caller: dialect, provider: dialect });

/** What streams and pictures are compared with. */
const SAME: Pair = within('openai-chat');
/** Calls that need no translation. Nobody calls in Bedrock's words. */
const SAMES: readonly Pair[] = [
  SAME,
  within('openai-responses'),
  within('anthropic-messages'),
  within('gemini'),
];

interface Plan {
  readonly quick: boolean;
  readonly rounds: number;
  readonly sections: readonly Section[];
  readonly pairs: readonly Pair[];
}

function readPlan(args: readonly string[]): Plan | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { help: flag, quick: flag, rounds: text, only: text, pair: text };
  const { values } = parseArgs({ args: [...args], options });
  if (values.help === true) return null;
  const quick = values.quick === true;
  const wanted = values.only?.split(',') ?? SECTIONS;
  const pairs = PAIRS.filter((pair) => pairName(pair).includes(values.pair ?? ''));
  return {
    quick,
    rounds: Number(values.rounds ?? (quick ? 2 : 7)),
    sections: SECTIONS.filter((each) => wanted.includes(each)),
    pairs: [SAME, ...pairs],
  };
}

/** Every pair in turn, round by round, so that a slow minute of the machine hits all of them. */
async function rounds(
  plan: Plan,
  one: (pair: Pair) => Promise<Cost>,
  pairs = plan.pairs,
): Promise<ReadonlyMap<Pair, readonly Cost[]>> {
  const all = new Map<Pair, Cost[]>(pairs.map((pair) => [pair, []]));
  for (let round = 0; round <= plan.rounds; round += 1) {
    // In another order each time: nobody is always the first after a pause.
    const from = round % pairs.length;
    for (const pair of [...pairs.slice(from), ...pairs.slice(0, from)]) {
      const cost = await one(pair);
      // The first warms up.
      if (round > 0) all.get(pair)?.push(cost);
    }
    process.stderr.write(`round ${round} of ${plan.rounds}, load ${noteLoad()}\n`);
  }
  return all;
}

/** The middle of a figure, and of how it compares with the untranslated call's in the same round. */
function compared(
  all: ReadonlyMap<Pair, readonly Cost[]>,
  pair: Pair,
  of: (cost: Cost) => number,
): { readonly value: number; readonly ratio: number; readonly more: number } {
  const own = all.get(pair)?.map(of) ?? [];
  const same = all.get(SAME)?.map(of) ?? [];
  return {
    value: median(own),
    ratio: median(own.map((each, index) => each / (same[index] ?? Number.NaN))),
    more: median(own.map((each, index) => each - (same[index] ?? Number.NaN))),
  };
}

/**
 * A call lies between two dialects: what it costs is compared with the middle of what the same call costs untranslated in the one and
 * in the other, and with OpenAI's chat untranslated, in the same round.
 */
async function calls(plan: Plan, keywell: Keywell): Promise<readonly CallFigures[]> {
  const load = { kind: 'calls', concurrency: 32, count: plan.quick ? 2000 : 8000 } as const;
  const pairs = [...SAMES, ...plan.pairs.slice(1)];
  const all = await rounds(
    plan,
    (pair) => measure(repository, keywell, taskThrough(keywell, pair, load)),
    pairs,
  );
  return pairs.map((pair) => {
    const own = (all.get(pair) ?? []).map(cpuUs);
    const ends = SAMES.filter(({ caller }) => caller === pair.caller || caller === pair.provider);
    const untranslated = own.map((_, round) =>
      mean(ends.map((end) => cpuUs(all.get(end)?.[round] ?? NO_COST))),
    );
    return {
      pair: pairName(pair),
      untranslated: median(untranslated),
      ratio: median(own.map((each, round) => each / (untranslated[round] ?? Number.NaN))),
      value: median(own),
      timesChat: compared(all, pair, cpuUs).ratio,
    };
  });
}

const cpuUs = ({ cpuMs, done }: Cost): number => (cpuMs * 1000) / done;

const NO_COST: Cost = { cpuMs: Number.NaN, done: 1, failed: 0, events: 0, firstWordP50Ms: 0 };

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

async function streams(plan: Plan, keywell: Keywell, upstreamPort: number) {
  const load = { kind: 'streams', concurrency: 100, count: 100 } as const;
  const directs = new Map<Pair, number[]>(plan.pairs.map((pair) => [pair, []]));
  const all = await rounds(plan, async (pair) => {
    const direct = await driveDirect(repository, taskDirect(upstreamPort, pair.provider, load));
    directs.get(pair)?.push(direct.firstWordP50Ms);
    const cost = await measure(repository, keywell, taskThrough(keywell, pair, load));
    return { ...cost, firstWordP50Ms: cost.firstWordP50Ms - direct.firstWordP50Ms };
  });
  return plan.pairs.map((pair) => ({
    pair: pairName(pair),
    ...compared(all, pair, ({ cpuMs, events }) => (cpuMs * 1000) / events),
    firstWordMs: median((all.get(pair) ?? []).map((each) => each.firstWordP50Ms)),
    directMs: median(directs.get(pair) ?? []),
  }));
}

async function pictures(plan: Plan, upstreamPort: number, folder: string) {
  const found: (LargeCall & { readonly pair: string })[] = [];
  const options = { repository, folder, upstreamPort, workers: 1, watched: true };
  const keywell = await startKeywell(options);
  try {
    for (const pair of plan.pairs) {
      // The first call pays for code that was never run before.
      await measureLarge(keywell, pair, 2);
      const large = await measureLarge(keywell, pair, plan.rounds);
      found.push({ pair: pairName(pair), ...large });
    }
    return found;
  } finally {
    await keywell.stop();
  }
}

async function bench(plan: Plan): Promise<void> {
  const work = join(repository, 'bench/.work');
  mkdirSync(work, { recursive: true });
  const folder = mkdtempSync(join(work, 'dialects-'));
  const [words, intervalMs] = plan.quick ? [20, 20] : [150, 15];
  const tool = ['bench/dialects/upstream.ts', String(words), String(intervalMs)];
  const upstream = await startTool(tool, repository);
  const has = (section: Section): boolean => plan.sections.includes(section);
  const before = noteLoad();
  try {
    const options = { repository, folder: join(folder, 'a'), upstreamPort: upstream.port };
    const keywell = await startKeywell({ ...options, workers: 2, watched: false });
    let report: DialectReport;
    try {
      report = {
        at: new Date().toISOString(),
        commit: commitName(repository),
        rounds: plan.rounds,
        machine: describeMachine(),
        load: before,
        loadAfter: '',
        pieces: has('pieces') ? pieceFigures(plan.pairs.slice(1)) : [],
        calls: has('calls') ? await calls(plan, keywell) : [],
        streams: has('streams') ? await streams(plan, keywell, upstream.port) : [],
        pictures: [],
      };
    } finally {
      await keywell.stop();
    }
    const large = has('pictures') ? await pictures(plan, upstream.port, join(folder, 'b')) : [];
    saveReport(repository, { ...report, pictures: large, loadAfter: noteLoad() }, !plan.quick);
  } finally {
    await upstream.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const plan = readPlan(process.argv.slice(2));
if (plan === null) process.stdout.write(HELP);
else await bench(plan);
