import { clean } from '../render/clean.ts';
import type { Paint } from '../render/paint.ts';
import type { Finding } from './examine.ts';

/** The report: state, subject and meaning on a line, what to do below it. */
export function renderFindings(findings: readonly Finding[], paint: Paint): string {
  const paints = { ok: paint.good, warn: paint.warn, fail: paint.bad };
  const width = Math.max(0, ...findings.map((finding) => finding.about.length));
  const lines = findings.map(({ state, about, means, todo }) => {
    const head = `${paints[state](state.padEnd(4))}  ${clean(about).padEnd(width)}  ${clean(means)}`;
    return todo === '' ? head : `${head}\n${' '.repeat(width + 8)}→ ${clean(todo)}`;
  });
  return `${lines.join('\n')}\n`;
}
