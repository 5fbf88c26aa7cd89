import { initKeyTable } from '@keywell/core/keys/key-table';
import { planKeys } from '@keywell/core/keys/plan';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { heapInUse } from '@keywell/testkit/heap-in-use';
import { describe, expect, it } from 'vitest';
import { encodeSnapshot } from './encode-snapshot.ts';
import { openSnapshot, type LiveSnapshot } from './live-snapshot.ts';

function openWith(aliases: readonly string[]): LiveSnapshot {
  const snapshot = aSnapshot({ models: aliases.map((alias) => ({ alias })) });
  const plan = planKeys(snapshot);
  const cells = new SharedArrayBuffer(plan.byteLength(2));
  initKeyTable(plan, cells);
  return openSnapshot(encodeSnapshot(snapshot), cells, { worker: 1, epoch: 1 });
}

const found = (live: LiveSnapshot, name: string): string | null =>
  live.find(name)?.model.alias ?? null;

describe('what a name means', () => {
  it('is the alias itself, then a target, then the first alias with a star that fits', () => {
    const live = openWith(['*', 'fast-*', 'openai/*', 'fast-one']);
    expect(found(live, 'fast-one')).toBe('fast-one');
    expect(live.find('openai/gpt-5')?.only).toEqual({ provider: 'openai', model: 'gpt-5' });
    expect(found(live, 'openai/gpt-6')).toBe('*');
    expect(found(openWith(['fast-*-x', 'fast-*']), 'fast-two-x')).toBe('fast-*-x');
    expect(found(openWith(['fast-*', 'fast-*-x']), 'fast-two-x')).toBe('fast-*');
    expect(found(openWith(['fast-*']), 'slow')).toBeNull();
  });

  it('is found among a thousand aliases with stars in little time, and a hundred thousand unknown names leave nothing', () => {
    const live = openWith(Array.from({ length: 1000 }, (_, index) => `team-${index}/*-x${index}`));
    expect(found(live, 'team-999/any-x999')).toBe('team-999/*-x999');
    const names = Array.from(
      { length: 100_000 },
      (_, index) => `team-${index % 2000}/${'y'.repeat(index % 200)}${index}`,
    );
    const before = heapInUse();
    const startedAt = performance.now();
    let known = 0;
    for (const name of names) if (live.find(name) !== null) known += 1;
    const tookMs = performance.now() - startedAt;
    expect(known).toBe(0);
    // One after the other, each lookup takes 20 µs and more.
    expect(tookMs / names.length).toBeLessThan(0.01);
    expect(heapInUse() - before).toBeLessThan(2_000_000);
  });
});
