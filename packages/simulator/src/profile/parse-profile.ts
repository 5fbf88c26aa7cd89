/** From YAML text to a profile, or to everything that is wrong with it: where, what, and what would be right. */
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';
import { camelize, snakeize } from './camelize.ts';
import { profileConflicts, profileSchema } from './profile-schema.ts';
import type { SimulatorProfile } from './profile-schema.ts';

export interface ProfileProblem {
  readonly file: string;
  /** 1-based; 0 when the place is not known. */
  readonly line: number;
  readonly column: number;
  /** `organizations[0].projects[1].keys[0].alias`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

type Path = readonly PropertyKey[];

const MAX_BYTES = 4 * 1024 * 1024;

const pathText = (path: Path): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');

/** Every problem of the text at once; the profile only when there is none. */
export function parseProfile(
  yamlText: string,
  fileName: string,
): { ok: true; profile: SimulatorProfile } | { ok: false; problems: readonly ProfileProblem[] } {
  const lines = new LineCounter();
  const whole = (message: string): { ok: false; problems: readonly ProfileProblem[] } => ({
    ok: false,
    problems: [{ file: fileName, line: 0, column: 0, path: '', message }],
  });
  if (yamlText.length > MAX_BYTES) return whole(`larger than ${MAX_BYTES} characters`);
  let document: Document;
  try {
    document = parseDocument(yamlText, { lineCounter: lines, prettyErrors: false });
  } catch (error) {
    return whole(`not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { file: fileName, line, column: col, path: '', message: `not YAML: ${error.message}` };
    });
    return { ok: false, problems };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return whole(`not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (value === null) return whole('the file is empty; expected organizations and models');
  const found = problemsOf(value);
  if (found.profile !== null) return { ok: true, profile: found.profile };
  const problems = found.problems.map(({ path, message }) => {
    const { line, column } = placeOf(document, path, lines);
    return { file: fileName, line, column, path: pathText(path), message };
  });
  return { ok: false, problems };
}

/** What is wrong with a profile that code has built; empty when nothing is. */
export function checkProfile(profile: SimulatorProfile): string[] {
  const { problems } = problemsOf(snakeize(profile));
  return problems.map(({ path, message }) => `${pathText(path)}: ${message}`);
}

function problemsOf(value: unknown): {
  profile: SimulatorProfile | null;
  problems: { path: Path; message: string }[];
} {
  const result = profileSchema.safeParse(value);
  if (!result.success) return { profile: null, problems: result.error.issues.flatMap(told) };
  const profile = camelize(result.data);
  const problems = profileConflicts(profile).map(({ path, message }) => ({ path, message }));
  return { profile: problems.length === 0 ? profile : null, problems };
}

function told(issue: z.core.$ZodIssue): { path: Path; message: string }[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: issue.path, message: issue.message }];
  }
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    message: `unknown field "${key}"; docs/guides/simulator.md lists the fields`,
  }));
}

/** The line of the value, or of the nearest thing around it that is there. */
function placeOf(
  document: Document,
  path: Path,
  lines: LineCounter,
): { line: number; column: number } {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    }
  }
  return { line: 0, column: 0 };
}
