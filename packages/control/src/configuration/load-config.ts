import { checkConfig } from '@keywell/contract/config/check-config';
import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import type { Config } from '@keywell/contract/config/config-schema';
import { crossCheck } from '@keywell/contract/config/cross-check';
import { loose, records, text } from '@keywell/contract/config/loose-config';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { type CompileInput, compile } from './compile.ts';
import { parseText } from './parse-text.ts';
import { type Problem, byPlace, placeProblem } from './problem.ts';

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly snapshot: Snapshot;
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The whole way from bytes to a snapshot. A file with any problem is refused whole, and all its problems are listed, in its order. */
export function loadConfig(bytes: Uint8Array, file: string, input: CompileInput): LoadedConfig {
  const parsed = parseText(bytes, file);
  if (!parsed.ok) return { ok: false, problems: parsed.problems.toSorted(byPlace) };
  const place = (problem: ConfigProblem): Problem => placeProblem(problem, file, parsed.locate);
  const built = buildConfig(parsed.value, input);
  if (!built.ok) return { ok: false, problems: built.problems.map(place).toSorted(byPlace) };
  const { config, snapshot } = built;
  return { ok: true, config, snapshot, warnings: built.warnings.map(place).toSorted(byPlace) };
}

export type BuiltConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly snapshot: Snapshot;
      readonly warnings: readonly ConfigProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** The same for a value that is parsed already. */
export function buildConfig(value: unknown, input: CompileInput): BuiltConfig {
  const checked = checkConfig(value);
  const crossed = crossCheck(value);
  if (!checked.ok) {
    const problems = [...checked.problems, ...crossed.problems, ...secretProblems(value, input)];
    return { ok: false, problems };
  }
  const compiled = compile(checked.config, input);
  const more = compiled.ok ? [] : compiled.problems;
  if (!compiled.ok || crossed.problems.length > 0)
    return { ok: false, problems: [...crossed.problems, ...more] };
  const warnings = [...crossed.warnings, ...compiled.warnings];
  return { ok: true, config: checked.config, snapshot: compiled.snapshot, warnings };
}

/** References that lead nowhere, found even where the shape of the file is wrong elsewhere. */
function secretProblems(value: unknown, input: CompileInput): readonly ConfigProblem[] {
  const root = loose(value);
  if (root === null) return [];
  const keys = records(root, 'providers').flatMap((provider) => records(provider, 'keys'));
  return keys.flatMap((key) => {
    const reference = text(key, 'value');
    if (reference === null || reference === '' || reference.length > 8192) return [];
    const answer = input.resolveSecret(reference);
    if (answer.ok) return [];
    const [what = '', ...right] = answer.message.split('; ');
    return [
      {
        path: [...key.path, 'value'],
        at: 'value' as const,
        message: `${what.charAt(0).toUpperCase()}${what.slice(1)}.`,
        hint: right.join('; '),
      },
    ];
  });
}
