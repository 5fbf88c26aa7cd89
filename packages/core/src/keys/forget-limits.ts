import { readCell } from './cooldown-cells.ts';
import { dimensionCode } from './cooldown-codes.ts';
import { forgetLearned } from './forget-learned.ts';
import type { KeyTable } from './key-table.ts';
import { MARK, packTag, REFILL } from './limit-tag.ts';
import { quantityOfCode, spanOfCode } from './quantity.ts';
import { write } from './table-journal.ts';
import { BLOCK, LIMIT, LIMIT_SLOTS } from './table-layout.ts';

/**
 * Forgets, under its lock, what was told or learned of a block's limits; what is declared is whole again. What attempts hold stays
 * accounted for. The next response tells it anew.
 */
export function forgetLimits(table: KeyTable, block: number, now: number): void {
  const first = table.layout.blocks + block * BLOCK.cells;
  for (let place = 0; place < LIMIT_SLOTS; place += 1) {
    const at = first + BLOCK.limits + place * LIMIT.cells;
    if (readCell(table, at + LIMIT.tag) !== 0) write(table, at + LIMIT.tag, 0);
  }
  // What was learned lies where the later limits did.
  forgetLearned(table, first);
  let at = first + BLOCK.limits;
  for (const declared of table.plan.declared) {
    if (declared.block !== block || at >= first + BLOCK.cells) continue;
    declareAnew(table, { first, at }, declared, now);
    at += LIMIT.cells;
  }
}

function declareAnew(
  table: KeyTable,
  cells: { readonly first: number; readonly at: number },
  { dimension, limit, refill }: KeyTable['plan']['declared'][number],
  now: number,
): void {
  const { first, at } = cells;
  const code = dimensionCode(dimension);
  const span = spanOfCode(code);
  const used = readCell(table, first + BLOCK.used + quantityOfCode(code));
  write(table, at + LIMIT.tag, packTag(code, REFILL[refill], 'config', MARK.declared));
  write(table, at + LIMIT.limit, limit);
  write(table, at + LIMIT.balance, limit + used);
  write(table, at + LIMIT.rate, refill === 'continuous' && span < Infinity ? limit / span : 0);
  write(table, at + LIMIT.resetAt, refill === 'window' && span < Infinity ? now + span : 0);
  write(table, at + LIMIT.at, now);
  write(table, at + LIMIT.sentSeq, 0);
  write(table, at + LIMIT.told, -1);
}
