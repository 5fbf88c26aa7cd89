import { dirname } from 'node:path';
import { fingerprintOf } from '@keywell/control/configuration/compile';
import { readConfigFile } from '@keywell/control/configuration/config-file';
import { loadConfig } from '@keywell/control/configuration/load-config';
import { fileProblem, type Problem } from '@keywell/control/configuration/problem';
import { createSecretResolver } from '@keywell/control/configuration/secret-references';
import { readEnvironment } from '../config.ts';
import { EXIT } from './exit-codes.ts';

/** Reads a file as `start` would and prints every problem with its place and what would be right. Returns the exit code. */
export async function check(file: string, json: boolean): Promise<number> {
  const { problems, warnings, summary } = examine(file);
  if (json) {
    const result = { ok: problems.length === 0, file, problems, warnings };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    for (const problem of problems) process.stderr.write(`${showProblem('error', problem)}\n`);
    for (const warning of warnings) process.stderr.write(`${showProblem('warning', warning)}\n`);
    if (problems.length === 0) process.stdout.write(`${file}: ${summary}\n`);
  }
  return problems.length === 0 ? EXIT.ok : EXIT.refused;
}

function examine(file: string): {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly summary: string;
} {
  const content = readConfigFile(file);
  if (content.kind === 'missing') {
    const missing = fileProblem(file, 'The file does not exist.', 'Check the path.');
    return { problems: [missing], warnings: [], summary: '' };
  }
  if (content.kind === 'refused') return { problems: [content.problem], warnings: [], summary: '' };
  const loaded = loadConfig(content.bytes, file, {
    resolveSecret: createSecretResolver({ env: readEnvironment, folder: dirname(file) }),
    fingerprint: fingerprintOf,
    storedConsumers: [],
    slotOf: () => ({ slot: 0, generation: 0 }),
    version: 1,
    wallNow: Date.now(),
  });
  if (!loaded.ok) return { problems: loaded.problems, warnings: [], summary: '' };
  const { providers, pools, models, consumers } = loaded.snapshot;
  const keys = providers.reduce((sum, provider) => sum + provider.keys.length, 0);
  const summary =
    `good: ${counted(providers.length, 'provider')} with ${counted(keys, 'key')}, ${counted(pools.length, 'pool')}, ` +
    `${counted(models.length, 'model')}, ${counted(consumers.length, 'consumer')}`;
  return { problems: [], warnings: loaded.warnings, summary };
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

/** One problem as one or two lines: place, what is wrong, what would be right. */
export function showProblem(kind: 'error' | 'warning', problem: Problem): string {
  const place =
    problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const hint = problem.hint === '' ? '' : `\n  ${problem.hint}`;
  return `${place}: ${kind}: ${path}${problem.message}${hint}`;
}
