// Drives the systems in turn, round by round, and adds up what each round cost.
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './children.ts';
import type { DriverResult, DriverTask } from './driver-task.ts';
import { cpuMsOf, rssBytesOf, watchRss } from './process-usage.ts';
import type { System, SystemId } from './systems.ts';

/** What one system did in one round. */
export interface Round extends DriverResult {
  readonly cpuMs: number;
  readonly peakRssBytes: number;
}

/** All rounds of one system. */
export interface Series {
  readonly id: SystemId;
  readonly title: string;
  readonly readyMs: number;
  /** Resident memory before the first round, after the warm-up. */
  readonly idleRssBytes: number;
  readonly rounds: Round[];
}

/** What is sent in a round, whichever system it is sent to. */
export type Load = Omit<DriverTask, 'port' | 'model' | 'headers'>;

/** CPU time that a system spends on a round after its last answer (log writing, mostly) belongs to the round. */
const SETTLE_MS = 700;

async function drive(system: System, load: Load): Promise<DriverResult> {
  const task: DriverTask = {
    ...load,
    port: load.kind === 'calls' ? system.callPort : system.streamPort,
    model: system.model,
    headers: system.headers,
  };
  const driver = new URL('driver.ts', import.meta.url).pathname;
  const output = run(process.execPath, [driver, JSON.stringify(task)], {
    cwd: process.cwd(),
    maxMs: load.maxMs + 15_000,
  });
  const result: DriverResult = JSON.parse(await Promise.race([output, system.died]));
  return result;
}

async function measure(system: System, load: Load): Promise<Round> {
  const cpuBefore = cpuMsOf(system.pid);
  const peak = watchRss(system.pid);
  try {
    const result = await drive(system, load);
    await sleep(SETTLE_MS);
    return { ...result, cpuMs: cpuMsOf(system.pid) - cpuBefore, peakRssBytes: peak() };
  } finally {
    peak();
  }
}

/** Warms every system up, then measures them in turn: A B C, A B C, …, so that a slow minute of the machine hits all of them. */
export async function measureAll(
  systems: readonly System[],
  load: Load,
  options: { readonly rounds: number; readonly warmUp: number },
): Promise<readonly Series[]> {
  const series: Series[] = [];
  for (const system of systems) {
    await drive(system, { ...load, count: options.warmUp });
    await sleep(SETTLE_MS);
    const { id, title, readyMs } = system;
    series.push({ id, title, readyMs, idleRssBytes: rssBytesOf(system.pid), rounds: [] });
  }
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const [index, system] of systems.entries()) {
      const result = await measure(system, load);
      series[index]?.rounds.push(result);
      const failed = result.errors + result.truncated;
      const how = failed > 0 ? ` ${JSON.stringify(result.statuses)}` : '';
      process.stderr.write(
        `${load.kind} ${round}/${options.rounds} ${system.id}: ${result.done} done, ${failed} failed${how}, ` +
          `${result.cpuMs} ms CPU in ${Math.round(result.wallMs)} ms\n`,
      );
    }
  }
  return series;
}
