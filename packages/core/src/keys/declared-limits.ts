import { dimensionCode } from './cooldown-codes.ts';
import { MARK, packTag, REFILL } from './limit-tag.ts';
import type { KeyPlan } from './plan.ts';
import { spanOfCode } from './quantity.ts';
import { BLOCK, LIMIT, LIMIT_SLOTS } from './table-layout.ts';

/**
 * Writes the limits that operators declared into an empty table: each starts whole, and is accounted for by what is sent. What a
 * provider tells counts as well then, where it is less.
 */
export function writeDeclared(plan: KeyPlan, cells: Float64Array): void {
  for (const { block, dimension, limit, refill } of plan.declared) {
    const first = plan.layout.blocks + block * BLOCK.cells + BLOCK.limits;
    const code = dimensionCode(dimension);
    const at = freePlace(cells, first);
    if (at < 0) continue;
    const span = spanOfCode(code);
    cells[at + LIMIT.tag] = packTag(code, REFILL[refill], 'config', MARK.declared);
    cells[at + LIMIT.limit] = limit;
    cells[at + LIMIT.balance] = limit;
    cells[at + LIMIT.rate] = refill === 'continuous' && span < Infinity ? limit / span : 0;
    cells[at + LIMIT.resetAt] = refill === 'window' && span < Infinity ? span : 0;
    cells[at + LIMIT.told] = -1;
  }
}

function freePlace(cells: Float64Array, first: number): number {
  for (let place = 0; place < LIMIT_SLOTS; place += 1) {
    const at = first + place * LIMIT.cells;
    if (cells[at + LIMIT.tag] === 0) return at;
  }
  return -1;
}
