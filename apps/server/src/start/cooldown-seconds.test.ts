import type { CooldownChange } from '@keywell/core/keys/status';
import { expect, it } from 'vitest';
import { CooldownSeconds } from './cooldown-seconds.ts';

const set = (endsAt: number, more: Partial<CooldownChange> = {}): CooldownChange => ({
  action: 'set',
  scopeId: 'node:openai/org-1',
  scope: 'node',
  class: 'funds_exhausted',
  dimension: 'spend',
  endsAt,
  authoritative: true,
  strikes: 0,
  evidence: '',
  ...more,
});
const read = (seconds: CooldownSeconds, now: number) =>
  seconds.read(now).map(({ class: of, seconds: each }) => [of, each]);

it('cooldowns count for as long as they lasted: extensions by what they add, cleared ones until then', () => {
  const seconds = new CooldownSeconds();
  seconds.note([set(10_000)], 0);
  expect(read(seconds, 4000)).toEqual([['funds_exhausted', 4]]);
  seconds.note([set(15_000)], 5000);
  expect(read(seconds, 12_000)).toEqual([['funds_exhausted', 12]]);
  seconds.note([set(0, { action: 'cleared' })], 13_000);
  expect(read(seconds, 60_000)).toEqual([['funds_exhausted', 13]]);
  seconds.note([set(70_000, { scopeId: 'key:openai/a', class: 'credential_dead' })], 60_000);
  expect(read(seconds, 90_000)).toEqual([
    ['funds_exhausted', 13],
    ['credential_dead', 10],
  ]);
});
