import type { CooldownChange } from '@keywell/core/keys/status';
import { describe, expect, it } from 'vitest';
import type { CooldownStore } from './cooldown-store.ts';

/** A cooldown that is set. */
export function cooldown(scopeId: string, more: Partial<CooldownChange> = {}): CooldownChange {
  return {
    action: 'set',
    scopeId,
    scope: 'node',
    class: 'funds_exhausted',
    dimension: 'spend',
    endsAt: 2_000,
    authoritative: true,
    strikes: 0,
    evidence: 'body.code=insufficient_quota',
    ...more,
  };
}

/** What every cooldown store does. */
export function describeCooldownStore(name: string, open: () => Promise<CooldownStore>): void {
  describe(`cooldown store: ${name}`, () => {
    it('gives back what is in force', async () => {
      const store = await open();
      expect(await store.load(0)).toEqual([]);
      store.applyNow([]);
      store.applyNow([
        cooldown('node:b'),
        cooldown('key:a', { scope: 'key', authoritative: false }),
      ]);
      expect(await store.load(1_000)).toEqual([
        cooldown('key:a', { scope: 'key', authoritative: false }),
        cooldown('node:b'),
      ]);
    });

    it('keeps one row for a scope, class and dimension: the last', async () => {
      const store = await open();
      store.applyNow([cooldown('a'), cooldown('a', { class: 'slow_down' })]);
      store.applyNow([cooldown('a', { endsAt: 9_000, strikes: 3, evidence: 'later' })]);
      expect(await store.load(0)).toEqual([
        cooldown('a', { endsAt: 9_000, strikes: 3, evidence: 'later' }),
        cooldown('a', { class: 'slow_down' }),
      ]);
    });

    it('remembers which credential a cooldown is about, and forgets it with the row it stood in', async () => {
      const store = await open();
      store.applyNow([
        cooldown('key:a', { fingerprint: 'old' }),
        cooldown('key:b', { fingerprint: 'b' }),
      ]);
      store.applyNow([cooldown('key:a', { fingerprint: 'new' })]);
      expect(await store.load(0)).toEqual([
        cooldown('key:a', { fingerprint: 'new' }),
        cooldown('key:b', { fingerprint: 'b' }),
      ]);
      store.applyNow([cooldown('key:a')]);
      expect((await store.load(0))[0]).toEqual(cooldown('key:a'));
    });

    it('remembers from which need on a cooldown binds, and forgets it with the row it stood in', async () => {
      const store = await open();
      store.applyNow([cooldown('node:a', { refusedNeed: 3001 })]);
      expect(await store.load(0)).toEqual([cooldown('node:a', { refusedNeed: 3001 })]);
      store.applyNow([cooldown('node:a')]);
      expect(await store.load(0)).toEqual([cooldown('node:a')]);
    });

    it('removes what was cleared, and only that', async () => {
      const store = await open();
      store.applyNow([cooldown('a'), cooldown('a', { dimension: 'tokens_day' }), cooldown('b')]);
      store.applyNow([
        cooldown('a', { action: 'cleared', endsAt: 0 }),
        cooldown('nobody', { action: 'cleared', endsAt: 0 }),
      ]);
      expect(await store.load(0)).toEqual([
        cooldown('a', { dimension: 'tokens_day' }),
        cooldown('b'),
      ]);
    });

    it('drops what has ended, for good', async () => {
      const store = await open();
      store.applyNow([cooldown('a', { endsAt: 1_000 }), cooldown('b', { endsAt: 1_001 })]);
      expect(await store.load(1_000)).toEqual([cooldown('b', { endsAt: 1_001 })]);
      expect(await store.load(0)).toEqual([cooldown('b', { endsAt: 1_001 })]);
    });

    it('keeps an end to the whole millisecond after it, and one without end', async () => {
      const store = await open();
      store.applyNow([cooldown('a', { endsAt: 1_000.2 }), cooldown('b', { endsAt: Infinity })]);
      const ends = (await store.load(1_000.1)).map(({ endsAt }) => endsAt);
      expect(ends).toEqual([1_001, Number.MAX_SAFE_INTEGER]);
    });
  });
}
