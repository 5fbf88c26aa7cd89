import type { CooldownChange } from '@keywell/core/keys/status';
import { beforeEach, describe, expect, it } from 'vitest';
import { CooldownNotes } from './cooldown-notes.ts';

const FUNDS: CooldownChange = Object.freeze({
  action: 'set',
  scopeId: 'node:openai/org-a',
  scope: 'node',
  class: 'funds_exhausted',
  dimension: 'spend',
  endsAt: 2_000_000,
  authoritative: false,
  strikes: 1,
  evidence: 'status=402',
});
const BUSY: CooldownChange = Object.freeze({
  ...FUNDS,
  class: 'concurrency',
  dimension: 'concurrency',
  evidence: 'status=429',
});
const cleared = (change: CooldownChange): CooldownChange => ({
  ...change,
  action: 'cleared',
  endsAt: 0,
  evidence: '',
});

let told: CooldownChange[];
let notes: CooldownNotes;
beforeEach(() => {
  told = [];
  notes = new CooldownNotes([], (changes) => told.push(...changes));
});

describe('the evidence of a cooldown', () => {
  it('is its own, whatever else binds the same domain', () => {
    notes.note([FUNDS, BUSY]);
    expect([notes.evidenceOf(FUNDS), notes.evidenceOf(BUSY)]).toEqual(['status=402', 'status=429']);
    notes.note([cleared(BUSY)]);
    expect([notes.evidenceOf(FUNDS), notes.evidenceOf(BUSY)]).toEqual(['status=402', '']);
  });

  it('is the one that was kept from before a restart', () => {
    const restarted = new CooldownNotes([FUNDS, BUSY], () => undefined);
    expect(restarted.evidenceOf(FUNDS)).toBe('status=402');
    expect(restarted.evidenceOf({ ...FUNDS, dimension: 'unknown' })).toBe('');
  });

  it('outlasts that it was set aside, and is told anew when it is put back', () => {
    notes.note([FUNDS, { ...cleared(FUNDS), setAside: true }]);
    notes.note([{ ...FUNDS, evidence: '' }]);
    expect(notes.evidenceOf(FUNDS)).toBe('status=402');
    expect(told.at(-1)).toEqual(FUNDS);
  });

  it('is not that of an earlier one which was cleared', () => {
    notes.note([FUNDS, cleared(FUNDS)]);
    notes.note([{ ...FUNDS, evidence: '' }]);
    expect(notes.evidenceOf(FUNDS)).toBe('');
  });
});
