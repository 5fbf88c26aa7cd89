// npm run bench:exhaustion: Keywell's engine beside what others do and beside an oracle, on the same traffic, in virtual time.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commitName } from '../commit-name.ts';
import { describeMachine, replaceSection } from '../report.ts';
import { tableBytes } from './engine-world.ts';
import { measure, type Wanted } from './measure.ts';
import { MIXES } from './mixes.ts';
import { renderExhaustion, type ExhaustionReport, type MicroFigure } from './report.ts';
import { STRATEGIES } from './strategies.ts';

const HELP = `npm run bench:exhaustion -- [options]
  --quick          one seed of every mix, nothing written: does it all still run?
  --seeds N        seeds of each mix (default 20, with --quick 1)
  --after N        seeds that follow on N (default 0): others than those the engine was looked at with; nothing written
  --mix A,B        only mixes whose names contain one of these
  --strategy A,B   only these: ${STRATEGIES.map(({ name }) => name).join(', ')}
  --report-only    exit with 0 also when a number was missed
Mixes: ${MIXES.map(({ name }) => name).join('; ')}
`;

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const PAGE = join(repository, 'docs/exhaustion-bench.md');

interface Plan extends Wanted {
  readonly save: boolean;
  readonly reportOnly: boolean;
}

function readPlan(args: readonly string[]): Plan | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: flag,
      quick: flag,
      seeds: text,
      after: text,
      mix: text,
      strategy: text,
      'report-only': flag,
    },
  });
  if (values.help === true) return null;
  const quick = values.quick === true;
  const names = values.mix?.split(',');
  const mixes = MIXES.filter(({ name }) => names?.some((each) => name.includes(each)) ?? true);
  const wanted = values.strategy?.split(',');
  const strategies = STRATEGIES.filter(({ name }) => wanted?.includes(name) ?? true);
  const seeds = Number(values.seeds ?? (quick ? 1 : 20));
  if (mixes.length === 0) throw new Error(`no mix is called "${values.mix}"`);
  if (strategies.length === 0) throw new Error(`no strategy is called "${values.strategy}"`);
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new Error(`${values.seeds} is no count of seeds`);
  const after = Number(values.after ?? 0);
  if (!Number.isInteger(after) || after < 0) throw new Error(`${values.after} is no seed`);
  const whole = mixes.length === MIXES.length && strategies.length === STRATEGIES.length;
  return {
    mixes,
    strategies,
    seeds,
    after,
    progress: (line) => process.stderr.write(`${line}\n`),
    save: whole && !quick && values.seeds === undefined && after === 0,
    reportOnly: values['report-only'] === true,
  };
}

function save(report: ExhaustionReport): void {
  const folder = join(repository, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `exhaustion-${report.at.slice(0, 10)}-${report.commit}`);
  const text = renderExhaustion(report);
  writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(`${file}.md`, text);
  if (existsSync(PAGE)) writeFileSync(PAGE, replaceSection(readFileSync(PAGE, 'utf8'), text));
}

try {
  const plan = readPlan(process.argv.slice(2));
  if (plan === null) {
    process.stdout.write(HELP);
  } else {
    const from = performance.now();
    // of what runs, whatever is committed meanwhile
    const commit = commitName(repository);
    const outcome = measure(plan);
    const micro = plan.save ? microFigures() : [];
    const report: ExhaustionReport = {
      ...outcome,
      at: new Date().toISOString(),
      commit,
      seeds: plan.seeds,
      tookMs: performance.now() - from,
      machine: describeMachine(),
      micro,
    };
    process.stdout.write(`\n${renderExhaustion(report)}`);
    if (plan.save) save(report);
    const dear = micro.some(({ value, most }) => most !== null && value > most);
    if ((!outcome.ok || dear) && !plan.reportOnly) process.exitCode = 1;
  }
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(`bench:exhaustion: ${why}\n`);
  process.exitCode = 1;
}

/** What `npm run bench:micro` prints of the engine, with what was promised. */
function microFigures(): readonly MicroFigure[] {
  const text = execFileSync(process.execPath, ['bench/micro.ts'], {
    cwd: repository,
    encoding: 'utf8',
  });
  const promised: readonly (readonly [RegExp, number])[] = [
    [/choose, reserve, settle among 100 keys/, 4000],
    [/choose, reserve, settle among 10,000 keys/, 6000],
  ];
  const sizes = [1, 4].map((groups) => ({
    what: `shared memory a key × limit group, two workers, 1,000 keys with ${groups} group${groups > 1 ? 's' : ''}`,
    value: tableBytes(groups).perGroup,
    unit: 'bytes',
    most: 1024,
  }));
  const rows = {
    what: 'leases and journals beside it, however many keys; reserved, used as far as calls are in flight',
    value: tableBytes(1).leasesAndJournals,
    unit: 'bytes',
    most: null,
  };
  const costs = text.split('\n').flatMap((line) => {
    const found = /^\s*([\d,.]+) (ns) {2}(.*)$/.exec(line);
    const [, value = '', unit = '', what = ''] = found ?? [];
    const row = promised.find(([pattern]) => pattern.test(what));
    if (found === null || row === undefined) return [];
    return [{ what, value: Number(value.replaceAll(',', '')), unit, most: row[1] }];
  });
  return [...costs, ...sizes, rows];
}
