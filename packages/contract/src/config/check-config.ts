import type { z } from 'zod';
import type { ConfigPath, ConfigProblem } from './config-problem.ts';
import { showName } from './config-problem.ts';
import type { Config } from './config-schema.ts';
import { configSchema } from './config-schema.ts';
import { didYouMean } from './did-you-mean.ts';
import { hintOf, namesOf, schemaAt } from './field.ts';

export type CheckedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/**
 * Checks the shape of a configuration. Messages never quote what the file holds, because it may be a credential in the wrong place;
 * only names of fields that look like names are quoted.
 */
export function checkConfig(value: unknown): CheckedConfig {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return { ok: true, config: parsed.data };
  return { ok: false, problems: parsed.error.issues.flatMap((issue) => explain(issue, value)) };
}

function explain(issue: z.core.$ZodIssue, root: unknown): ConfigProblem[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((name) => unknownField(path, name));
  const schema = schemaAt(configSchema, path);
  const found = valueAt(root, path);
  const name = path.at(-1);
  const subject = typeof name === 'string' ? `"${showName(name)}"` : 'This entry';
  const hint = hintOf(schema);
  const right = hint === '' ? '' : `Write ${hint}.`;
  if (found === undefined)
    return [{ path, at: 'value', message: `${subject} is missing.`, hint: right }];
  return [{ path, at: 'value', message: `${subject} ${wrongness(issue, found)}.`, hint: right }];
}

function unknownField(path: ConfigPath, name: string): ConfigProblem {
  const known = namesOf(schemaAt(configSchema, path));
  const near = didYouMean(name, known);
  const where = path.length === 0 ? 'at the top of the file' : 'here';
  return {
    path: [...path, name],
    at: 'name',
    message: `There is no field "${showName(name)}" ${where}.`,
    hint: near === null ? `Known here: ${known.join(', ')}.` : `Did you mean "${near}"?`,
  };
}

function wrongness(issue: z.core.$ZodIssue, found: unknown): string {
  const sized = typeof found === 'string' || Array.isArray(found);
  if (issue.code === 'invalid_type')
    return typeof found === 'number' && issue.expected === 'int'
      ? 'is not a whole number'
      : `is ${kindOf(found)}, not ${article(issue.expected)}`;
  if (issue.code === 'too_small') return sized ? 'is empty' : 'is too small';
  if (issue.code === 'too_big') return sized ? 'is too long' : 'is too large';
  if (issue.code === 'invalid_format') return 'is not written as it must be';
  if (issue.code !== 'invalid_value') return 'is not what it must be';
  const allowed = issue.values.map(String);
  const near = typeof found === 'string' ? didYouMean(found, allowed) : null;
  const guess = near === null ? '' : ` (did you mean "${near}"?)`;
  return `is not ${allowed.length === 1 ? '' : 'one of '}${allowed.join(', ')}${guess}`;
}

const article = (expected: string): string =>
  ({
    string: 'text (put it in quotes)',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map of fields',
  })[expected] ?? expected;

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'object' ? 'a map of fields' : `a ${typeof value}`;
}

function valueAt(root: unknown, path: ConfigPath): unknown {
  let at: unknown = root;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = Reflect.get(at, step);
  }
  return at;
}
