import { existsSync } from 'node:fs';
import { readConfigFile } from '@keywell/control/configuration/config-file';
import { loadConfig } from '@keywell/control/configuration/load-config';
import { fileProblem, type Problem } from '@keywell/control/configuration/problem';
import type { StoredConsumer } from '@keywell/control/ports/stores';
import type { LimitFacts } from '@keywell/core/forecast/limit-sample';
import { Secret } from '@keywell/core/secret/secret';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { seededRandom } from '@keywell/simulator/random';
import { sqlConsumerStore } from '@keywell/storage/consumers/sql-consumer-store';
import { sqlForecastStore } from '@keywell/storage/forecast/sql-forecast-store';
import { dataPaths } from '@keywell/storage/paths';
import { openDatabase } from '@keywell/storage/sqlite/database';
import { openTraffic } from '../replay/open-traffic.ts';
import { parsePeriod } from '../replay/period.ts';
import { readTraffic } from '../replay/read-traffic.ts';
import { renderReplay, replayJson } from '../replay/render-replay.ts';
import { runReplay } from '../replay/run-replay.ts';
import { showProblem } from './check.ts';
import { EXIT } from './exit-codes.ts';

export interface ReplayOptions {
  /** `2026-11-25T10:00` or with an end behind a slash. */
  readonly from: string;
  readonly configFile: string;
  readonly dataDir: string;
  readonly adminUrl: string;
  readonly seed: number;
  readonly json: boolean;
}

const PROGRESS_MS = 1000;

/** Sends logged traffic through another configuration under virtual time and prints both sides. Returns the exit code. */
export async function replay(options: ReplayOptions): Promise<number> {
  const period = parsePeriod(options.from, Date.now());
  if (period === null) {
    return fail(
      EXIT.usage,
      '--from takes an instant or two, such as 2026-11-25T10:00 or 2026-11-25T10:00/2026-11-25T12:00 (UTC), the earlier first.',
    );
  }
  const learned = await readLearned(options.dataDir);
  const loaded = loadSnapshot(options.configFile, learned.consumers);
  if (!loaded.ok) {
    for (const problem of loaded.problems) {
      process.stderr.write(`${showProblem('error', problem)}\n`);
    }
    return EXIT.refused;
  }
  const opened = await openTraffic(options.dataDir, options.adminUrl, (message) => {
    process.stderr.write(`keywell replay: ${message}\n`);
  });
  if (!opened.ok) return fail(EXIT.failed, opened.message);
  const dice = seededRandom(options.seed);
  try {
    const result = await runReplay({
      snapshot: loaded.snapshot,
      known: learned.limits,
      records: readTraffic(opened.traffic.readPage, period.from, period.to),
      from: period.from,
      random: () => dice.fraction(),
      onProgress: createProgress(),
    });
    if (result.replayed === 0) {
      return fail(EXIT.failed, 'The log holds no request with a model in this time.');
    }
    const text = options.json
      ? `${JSON.stringify(replayJson(result, period, options.configFile))}\n`
      : renderReplay(result, period, options.configFile);
    process.stdout.write(text);
    return EXIT.ok;
  } catch (error) {
    return fail(EXIT.failed, error instanceof Error ? error.message : String(error));
  } finally {
    await opened.traffic.close();
  }
}

function fail(code: number, message: string): number {
  process.stderr.write(`keywell replay: ${message}\n`);
  return code;
}

/** What the log's own run learned of limits, and the consumers added by command. */
async function readLearned(dataDir: string): Promise<{
  readonly limits: readonly LimitFacts[];
  readonly consumers: readonly StoredConsumer[];
}> {
  const file = dataPaths(dataDir).database;
  if (!existsSync(file)) return { limits: [], consumers: [] };
  const database = await openDatabase({ file });
  try {
    return {
      limits: await sqlForecastStore(database.db).loadLimits(),
      consumers: await sqlConsumerStore(database.db).list(),
    };
  } finally {
    await database.close();
  }
}

type Loaded =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The configuration that is tried. No provider is called, so that no credential is needed: references are not resolved. */
function loadSnapshot(file: string, storedConsumers: readonly StoredConsumer[]): Loaded {
  const content = readConfigFile(file);
  if (content.kind === 'missing') {
    return {
      ok: false,
      problems: [fileProblem(file, 'The file does not exist.', 'Check the path.')],
    };
  }
  if (content.kind === 'refused') return { ok: false, problems: [content.problem] };
  return loadConfig(content.bytes, file, {
    resolveSecret: (reference) => ({ ok: true, literal: false, secret: new Secret(reference) }),
    fingerprint: () => '',
    storedConsumers,
    slotOf: () => ({ slot: 0, generation: 0 }),
    version: 1,
    wallNow: Date.now(),
  });
}

/** Tells how far it is, on a terminal, once a second. */
function createProgress(): (replayed: number, at: number) => void {
  let toldAt = performance.now();
  return (replayed, at) => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    const until = new Date(at).toISOString().slice(0, 19);
    process.stderr.write(`\r${replayed.toLocaleString('en-US')} requests, up to ${until}Z `);
  };
}
