import { describe, expect, it } from 'vitest';
import { aSnapshot } from '../../../testkit/src/a-snapshot.ts';
import { wasImplied } from './implied-refusal.ts';
import { initKeyTable, openKeyTable } from './key-table.ts';
import type { LimitObservation } from './limit-observation.ts';
import { needFrom } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import { planKeys } from './plan.ts';
import { reserve, settle, type Reservation } from './reserve.ts';
import type { Verdict } from './verdict.ts';

const REFUSED: Verdict = {
  class: 'window_exhausted_short',
  scope: 'node_group',
  dimension: 'tokens_minute',
  authoritative: true,
  endsInMs: 10_000,
  refusedNeed: 500,
  evidence: '',
};

const LEFT: LimitObservation = {
  dimension: 'tokens_minute',
  limit: 1000,
  remaining: 400,
  resetInMs: 30_000,
  refill: 'window',
  source: 'header',
};

function world() {
  const plan = planKeys(aSnapshot());
  const buffer = new ArrayBuffer(plan.byteLength(1));
  initKeyTable(plan, buffer);
  const table = openKeyTable(plan, buffer, { worker: 0, epoch: 1 });
  const [candidate] = plan.candidates;
  if (candidate === undefined) throw new Error('no candidate');
  const send = (now: number, tokens: number): Reservation => {
    const held = reserve(table, candidate, now, needFrom({ tokens }));
    if (held === null) throw new Error('cooled');
    return held;
  };
  const refuse = (held: Reservation, now: number): boolean => {
    const implied = wasImplied(held, REFUSED);
    // The provider's own numbers say that smaller requests fit.
    observeLimits(table, held, [LEFT], { now, refused: true });
    settle(table, held, REFUSED, { now, wallNow: now, random: () => 0 });
    return implied;
  };
  return { send, refuse };
}

describe('a wasted attempt', () => {
  it('is one that an earlier refusal had told of when it was sent', () => {
    const { send, refuse } = world();
    expect(refuse(send(0, 600), 100)).toBe(false);
    // Smaller than what was refused, so that it may be tried; it was in vain.
    expect(refuse(send(200, 10), 300)).toBe(true);
  });

  it('is none that was sent before the refusal arrived, or after its end, or that failed otherwise', () => {
    const { send, refuse } = world();
    const [first, straggler] = [send(0, 600), send(1, 600)];
    expect(refuse(first, 100)).toBe(false);
    expect(refuse(straggler, 120)).toBe(false);
    const other = send(200, 10);
    expect(wasImplied(other, { ...REFUSED, class: 'transient' })).toBe(false);
    expect(refuse(send(90_000, 600), 90_100)).toBe(false);
  });
});
