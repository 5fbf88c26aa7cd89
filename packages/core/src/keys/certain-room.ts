import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { isTold, learnedPerMinute } from './learned-cells.ts';
import type { Candidate } from './plan.ts';

/** What has come back so lately may be as dry as it was. */
const LATELY_MS = 2000;

/**
 * Whether what is known of a candidate says how many may go to it: its limits are learned, which counts what passes, or told or declared,
 * and it has not just come back from a cooldown, after which they still say what they said before it.
 */
export function isRoomCertain(table: KeyTable, candidate: Candidate, now: number): boolean {
  const { blocks } = candidate;
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    if (isTold(table, block)) return !cameBack(table, candidate, now);
    if (learnedPerMinute(table, block) > 0) return true;
  }
  return false;
}

function cameBack(table: KeyTable, { scopes }: Candidate, now: number): boolean {
  for (let at = 0; at < scopes.length; at += 1) {
    const endsAt = readCell(table, table.layout.scopeEnds + (scopes[at] ?? 0));
    if (endsAt > now - LATELY_MS && endsAt > 0) return true;
  }
  return false;
}
