import { needAt, type ChooseAt } from '../keys/draw.ts';
import type { KeyTable } from '../keys/key-table.ts';
import { UNKNOWN_NEED, type Need } from '../keys/need.ts';
import type { Candidate } from '../keys/plan.ts';
import { candidateStart } from '../keys/projection.ts';
import { QUANTITY } from '../keys/quantity.ts';
import type { Earmark } from './turn-queue.ts';
import type { KeptPlace } from './kept-refill.ts';

/** What a call in the queue needs, and when it is looked at. */
export type NeedsAt = Pick<ChooseAt, 'now' | 'need' | 'needs'>;

/**
 * Where a call that fits nowhere now would fit first, among the quota domains in which nothing is put aside for others; null where none
 * comes back in time for it.
 */
export function placeToKeep(
  table: KeyTable,
  candidates: readonly Candidate[],
  call: NeedsAt & { readonly deadlineAt: number; readonly kept: readonly Earmark[] },
): KeptPlace | null {
  const taken = new Set(call.kept.map(({ candidate }) => domainOf(table, candidate)));
  let first: KeptPlace | null = null;
  for (const candidate of candidates) {
    if (taken.has(candidate.domain)) continue;
    const from = candidateStart(table, candidate, call.now, needAt(call, candidate));
    if (from > call.deadlineAt || (first !== null && from >= first.from)) continue;
    first = { candidate: candidate.index, from };
  }
  return first;
}

/**
 * Quota domains that a call must leave alone, because it would delay a ticket before it that waits for what comes back there. Where both
 * fit at the end of a window nobody is delayed.
 */
export function domainsToLeave(
  table: KeyTable,
  kept: readonly Earmark[],
  call: NeedsAt,
): readonly string[] {
  const domains: string[] = [];
  for (const mark of kept) {
    const candidate = table.plan.candidates[mark.candidate];
    if (candidate === undefined) continue;
    const both = withTokens(needAt(call, candidate) ?? UNKNOWN_NEED, mark.tokens);
    if (candidateStart(table, candidate, call.now, both) > mark.from)
      domains.push(candidate.domain);
  }
  return domains;
}

const domainOf = (table: KeyTable, candidate: number): string | undefined =>
  table.plan.candidates[candidate]?.domain;

/** A need together with one more request of so many tokens, of whose parts nothing is known. */
function withTokens({ total: own, late }: Need, tokens: number): Need {
  const total = [...own];
  const add = (quantity: number, amount: number): void => {
    total[quantity] = (total[quantity] ?? 0) + amount;
  };
  add(QUANTITY.requests, 1);
  add(QUANTITY.tokens, tokens);
  add(QUANTITY.inputTokens, tokens);
  return { total, late };
}
