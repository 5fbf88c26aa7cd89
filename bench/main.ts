// npm run bench: Keywell beside nginx and a peer, behind the same load and in front of the same provider.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startTool } from './children.ts';
import { commitName } from './commit-name.ts';
import { callFigures, streamFigures } from './figures.ts';
import { describeMachine, renderReport, replaceSection, type Report } from './report.ts';
import { measureAll, type Load, type Series } from './rounds.ts';
import {
  startSystem,
  SYSTEM_IDS,
  type Absent,
  type Place,
  type System,
  type SystemId,
} from './systems.ts';

const HELP = `npm run bench -- [options]
  --quick          two short rounds, nothing written: does it all still run?
  --rounds N       rounds of each kind (default 7, with --quick 2)
  --only A,B       only these systems: ${SYSTEM_IDS.join(', ')}
  --kind K         only calls, or only streams
  --workers N      listener workers of nginx and Keywell (default 2)
  --calls N        calls a round (default 60000, or what 5 s allow)
  --streams N      streams open at once (default 1000)
`;

const repository = join(dirname(fileURLToPath(import.meta.url)), '..');

interface Plan {
  readonly mode: 'quick' | 'full';
  readonly rounds: number;
  readonly only: readonly SystemId[];
  readonly kinds: readonly Load['kind'][];
  readonly workers: number;
  readonly intervalMs: number;
  readonly calls: Load;
  readonly streams: Load;
}

function count(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${text} is not a number above zero`);
  return value;
}

function readPlan(args: readonly string[]): Plan | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: flag,
      quick: flag,
      rounds: text,
      only: text,
      kind: text,
      workers: text,
      calls: text,
      streams: text,
    },
  });
  if (values.help === true) return null;
  const quick = values.quick === true;
  const wanted = values.only?.split(',') ?? SYSTEM_IDS;
  const unknown = wanted.find((each) => !SYSTEM_IDS.some((id) => id === each));
  if (unknown !== undefined) throw new Error(`there is no system "${unknown}"`);
  const streams = count(values.streams, quick ? 100 : 1000);
  const events = quick ? 20 : 60;
  return {
    mode: quick ? 'quick' : 'full',
    rounds: count(values.rounds, quick ? 2 : 7),
    only: SYSTEM_IDS.filter((id) => wanted.includes(id)),
    kinds: (['calls', 'streams'] as const).filter((each) => (values.kind ?? each) === each),
    workers: count(values.workers, 2),
    intervalMs: quick ? 50 : 100,
    calls: {
      kind: 'calls',
      concurrency: 64,
      count: count(values.calls, quick ? 2000 : 60_000),
      maxMs: quick ? 2000 : 5000,
      leastBodyBytes: 1024,
      leastEvents: 0,
    },
    streams: {
      kind: 'streams',
      concurrency: streams,
      count: streams,
      maxMs: 60_000,
      leastBodyBytes: 0,
      leastEvents: events + 1,
    },
  };
}

interface Measured {
  readonly series: readonly Series[];
  readonly absent: readonly Absent[];
}

/** One kind of load on freshly started systems, all of which are stopped again. */
async function measureKind(plan: Plan, kind: Load['kind']): Promise<Measured> {
  if (!plan.kinds.includes(kind)) return { series: [], absent: [] };
  const work = join(repository, 'bench/.work');
  mkdirSync(work, { recursive: true });
  const folder = mkdtempSync(join(work, `${kind}-`));
  const tool = ['bench/upstream.ts', String(plan.streams.leastEvents - 1), String(plan.intervalMs)];
  const upstream = await startTool(tool, repository);
  const place: Place = {
    repository,
    work: folder,
    upstreamPort: upstream.port,
    workers: plan.workers,
  };
  const systems: System[] = [];
  const absent: Absent[] = [];
  try {
    for (const id of plan.only) {
      const started = await startSystem(id, place);
      if ('why' in started) absent.push(started);
      else systems.push(started);
    }
    const load = kind === 'calls' ? plan.calls : plan.streams;
    const warmUp = Math.min(load.count, kind === 'calls' ? 5000 : 100);
    return { series: await measureAll(systems, load, { rounds: plan.rounds, warmUp }), absent };
  } finally {
    await Promise.all([...systems, upstream].map((each) => each.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function save(report: Report): void {
  const folder = join(repository, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${report.at.slice(0, 10)}-${report.commit}`);
  writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${file}.md`, renderReport(report));
  const page = join(repository, 'docs/performance.md');
  writeFileSync(page, replaceSection(readFileSync(page, 'utf8'), renderReport(report)));
}

async function bench(plan: Plan): Promise<boolean> {
  const calls = await measureKind(plan, 'calls');
  const streams = await measureKind(plan, 'streams');
  const report: Report = {
    at: new Date().toISOString(),
    commit: commitName(repository),
    mode: plan.mode,
    rounds: plan.rounds,
    machine: describeMachine(),
    callLoad: plan.calls,
    streamLoad: plan.streams,
    streamIntervalMs: plan.intervalMs,
    calls: callFigures(calls.series),
    streams: streamFigures(streams.series, plan.streams.count),
    absent: calls.absent,
  };
  process.stdout.write(`\n${renderReport(report)}\n`);
  const whole = plan.only.length === SYSTEM_IDS.length && plan.kinds.length === 2;
  if (plan.mode === 'full' && whole) save(report);
  const ours = [...report.calls, ...report.streams].filter((each) => each.id.startsWith('keywell'));
  return ours.every(
    (each) => each.errors === 0 && (!('truncated' in each) || each.truncated === 0),
  );
}

function giveUp(why: string): void {
  process.stderr.write(`bench: ${why}\n`);
  process.exit(1);
}

try {
  const plan = readPlan(process.argv.slice(2));
  if (plan === null) {
    process.stdout.write(HELP);
  } else {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => giveUp(signal));
    const minutes = plan.mode === 'quick' ? 3 : 30;
    setTimeout(() => giveUp(`not done after ${minutes} minutes`), minutes * 60_000).unref();
    if (!(await bench(plan))) giveUp('Keywell failed calls, see above');
  }
} catch (error) {
  giveUp(error instanceof Error ? error.message : String(error));
}
