import { FakeClock } from '@keywell/testkit/fake-clock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineSweeper, type Deadlined } from './deadline-sweeper.ts';

interface Waiting extends Deadlined {
  readonly met: number[];
}

function waiting(deadlineAt: number, then: (now: number) => void = () => undefined): Waiting {
  const met: number[] = [];
  return {
    deadlineAt,
    sweepSlot: -1,
    met,
    onDeadline(now) {
      met.push(now);
      then(now);
    },
  };
}

describe('DeadlineSweeper', () => {
  let clock: FakeClock;
  let sweeper: DeadlineSweeper;

  beforeEach(() => {
    vi.useFakeTimers();
    clock = new FakeClock({ now: 1000 });
    sweeper = new DeadlineSweeper(clock.now);
  });
  afterEach(() => {
    sweeper.stop();
    vi.useRealTimers();
  });

  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      vi.advanceTimersByTime(10);
    }
  };

  it('meets a deadline when it has come, at most 100 ms late, and not before', () => {
    const item = waiting(1250, () => sweeper.remove(item));
    sweeper.add(item);
    pass(240);
    expect(item.met).toEqual([]);
    pass(110);
    expect(item.met).toHaveLength(1);
    expect(item.met[0]).toBeGreaterThanOrEqual(1250);
    expect(item.met[0]).toBeLessThanOrEqual(1350);
    pass(1000);
    expect(item.met).toHaveLength(1);
  });

  it('follows a deadline that moves on, and one that is lifted', () => {
    const item = waiting(1100);
    sweeper.add(item);
    for (let turn = 0; turn < 10; turn += 1) {
      pass(90);
      item.deadlineAt = clock.now() + 100;
    }
    expect(item.met).toEqual([]);
    item.deadlineAt = Infinity;
    pass(5000);
    expect(item.met).toEqual([]);
  });

  it('forgets what was removed, also in the middle of a sweep', () => {
    const second = waiting(1000);
    const first = waiting(1000, () => sweeper.remove(second));
    sweeper.add(first);
    sweeper.add(second);
    sweeper.sweep();
    expect([first.met.length, second.met.length]).toEqual([1, 0]);
  });

  it('takes what is added while it sweeps', () => {
    const late = waiting(5000);
    const item = waiting(1000, () => {
      sweeper.remove(item);
      sweeper.add(late);
    });
    sweeper.add(item);
    sweeper.sweep();
    expect(sweeper.size).toBe(1);
    pass(4200);
    expect(late.met.length).toBeGreaterThan(0);
  });

  it('has one timer for any number of waits, and none when nothing waits', () => {
    const items = Array.from({ length: 100 }, () => waiting(Infinity));
    for (const item of items) sweeper.add(item);
    expect(vi.getTimerCount()).toBe(1);
    for (const item of items) sweeper.remove(item);
    pass(100);
    expect(vi.getTimerCount()).toBe(0);
    const next = waiting(clock.now() + 50);
    sweeper.add(next);
    expect(vi.getTimerCount()).toBe(1);
    pass(100);
    expect(next.met).toHaveLength(1);
  });
});
