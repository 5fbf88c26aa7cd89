import { readCell, slotCell, slotClass, slotFlags } from './cooldown-cells.ts';
import { classOf } from './cooldown-codes.ts';
import type { Reservation } from './reserve.ts';
import { FLAG, SLOT } from './table-layout.ts';
import type { Verdict, VerdictClass } from './verdict.ts';

/** Refusals that hold for whoever asks next: limits, money, credentials. */
const LASTING: ReadonlySet<VerdictClass> = new Set([
  'funds_exhausted',
  'window_exhausted_long',
  'window_exhausted_short',
  'slow_down',
  'credential_dead',
  'model_forbidden',
  'region_blocked',
]);

/**
 * Whether a refused attempt was a waste: a refusal that had arrived before it was sent, and whose end had not come, said so already. To
 * be asked before the attempt is settled. The one attempt that looks whether a cooldown is over is none, nor is one that was sent
 * because the provider itself was suspected. Reads without locks: it only counts.
 */
export function wasImplied(
  { table, candidate, sentAt, sendSeq, probing }: Reservation,
  { class: of }: Verdict,
): boolean {
  if (probing || !LASTING.has(of)) return false;
  for (const index of candidate.scopes) {
    const scope = table.plan.scopes[index];
    if (scope === undefined || !(readCell(table, table.layout.scopeEnds + index) > sentAt))
      continue;
    for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
      const cell = slotCell(table, slot);
      const stood = readCell(table, cell + SLOT.endsAt) > sentAt;
      const before =
        readCell(table, cell + SLOT.setAt) < sentAt &&
        readCell(table, cell + SLOT.setSeq) < sendSeq;
      const meant = (slotFlags(table, slot) & FLAG.suspended) === 0;
      if (stood && before && meant && LASTING.has(classOf(slotClass(table, slot)))) return true;
    }
  }
  return false;
}
