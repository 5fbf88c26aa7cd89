import type { ConfigPath, ConfigProblem } from './config-problem.ts';
import { showName } from './config-problem.ts';
import { didYouMean } from './did-you-mean.ts';
import { type LooseRecord, text } from './loose-config.ts';

/** What a configuration says that its shape alone does not show. */
export interface CrossCheck {
  readonly problems: readonly ConfigProblem[];
  /** Works, and is probably not what was meant. */
  readonly warnings: readonly ConfigProblem[];
}

/** Collects what the checks below find. */
export class Findings implements CrossCheck {
  readonly problems: ConfigProblem[] = [];
  readonly warnings: ConfigProblem[] = [];

  refuse(path: ConfigPath, message: string, hint: string): void {
    this.problems.push({ path, at: 'value', message, hint });
  }

  warn(path: ConfigPath, message: string, hint: string): void {
    this.warnings.push({ path, at: 'value', message, hint });
  }
}

/** The names a list of records uses, in order. */
export const namesIn = (list: readonly LooseRecord[], field: string): readonly string[] =>
  list.flatMap((record) => text(record, field) ?? []);

/** "Did you mean …", or what there is. */
export function suggest(wrong: string, known: readonly string[], what: string): string {
  const near = didYouMean(wrong, known);
  if (near !== null) return `Did you mean "${showName(near)}"?`;
  if (known.length === 0) return `There is no ${what} in this file yet; add one.`;
  const names = [...new Set(known)];
  const shown = names.slice(0, 8).map(showName).join(', ');
  return `Known: ${shown}${names.length > 8 ? ', …' : ''}.`;
}
