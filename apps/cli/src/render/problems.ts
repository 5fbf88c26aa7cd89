import type { ChangesView, ProblemEntry } from '@keywell/contract/admin/admin-schemas';
import { clean } from './clean.ts';
import type { Paint } from './paint.ts';

/** A fault of a configuration: place and message, then what would be right. */
export function renderProblem(kind: 'error' | 'warning', problem: ProblemEntry): string {
  const place = problem.line === 0 ? '' : `:${problem.line}:${problem.column}`;
  const where = problem.file === '' ? '' : `${clean(problem.file)}${place}: `;
  const path = problem.path === '' ? '' : `${clean(problem.path)}: `;
  const hint = problem.hint === '' ? '' : `\n  ${clean(problem.hint)}`;
  return `${where}${kind}: ${path}${clean(problem.message)}${hint}`;
}

const MARKS = { added: '+', changed: '~', removed: '-' } as const;

/** What differs, one change a line (two where a value changed). */
export function renderChanges(changes: ChangesView['changes'], paint: Paint): string {
  if (changes.length === 0) return 'No changes.\n';
  const paints = { added: paint.good, changed: paint.warn, removed: paint.bad };
  const lines = changes.map((change) => {
    const mark = paints[change.action](MARKS[change.action]);
    const head = `${mark} ${change.kind} ${clean(change.id)}`;
    if (change.action !== 'changed') return head;
    return `${head}  ${clean(change.path)}\n    ${clean(change.before ?? '–')} → ${clean(change.after ?? '–')}`;
  });
  return `${lines.join('\n')}\n`;
}
