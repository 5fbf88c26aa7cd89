import { describe, expect, it } from 'vitest';
import { describeLimits } from './describe-limits.ts';
import type { KeyTable } from './key-table.ts';
import { learnedPerMinute } from './learned-cells.ts';
import { observeLimits } from './observe-limits.ts';
import { clearCooldowns, listCooldowns } from './recover.ts';
import { noteFirstContent, settle, tryReserve, type Reservation } from './reserve.ts';
import { at, candidateOf, keyOf, openTable, planOf, verdictOf } from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

const MINUTE = 60_000;
const slowDown = verdictOf('slow_down');
const oneKey = (): KeyTable => openTable(planOf(keyOf('a')));
const blockOf = (table: KeyTable): number => candidateOf(table, 'a').blocks[0] ?? 0;
const learned = (table: KeyTable): number => learnedPerMinute(table, blockOf(table));

/** A provider that passes so many requests in any window and tells nothing. */
class SilentLimiter {
  readonly #most: number;
  #window = -1;
  #passed = 0;
  refused = 0;
  served = 0;

  constructor(most: number) {
    this.#most = most;
  }

  passes(now: number): boolean {
    const window = Math.floor(now / MINUTE);
    if (window !== this.#window) this.#passed = 0;
    this.#window = window;
    const passes = this.#passed < this.#most;
    if (passes) this.#passed += 1;
    if (passes) this.served += 1;
    else this.refused += 1;
    return passes;
  }
}

/** A provider that passes so many in the last 60 s, whenever they were. */
class LastMinute extends SilentLimiter {
  readonly #most: number;
  readonly #times: number[] = [];

  constructor(most: number) {
    super(Infinity);
    this.#most = most;
  }

  override passes(now: number): boolean {
    while ((this.#times[0] ?? Infinity) <= now - MINUTE) this.#times.shift();
    const passes = this.#times.length < this.#most;
    if (passes) this.#times.push(now);
    if (passes) this.served += 1;
    else this.refused += 1;
    return passes;
  }
}

/** Offers a request every so many milliseconds, and sends it where the engine lets it. */
function drive(
  table: KeyTable,
  limiter: SilentLimiter,
  everyMs: number,
  [from, to]: readonly [number, number],
) {
  for (let now = from; now < to; now += everyMs) {
    const taken = tryReserve(table, candidateOf(table, 'a'), now);
    if (typeof taken === 'string') continue;
    settle(table, taken, limiter.passes(now) ? SUCCESS : slowDown, at(now));
  }
}

describe('a limit that nobody tells', () => {
  it('holds nothing back before the first refusal', () => {
    const table = oneKey();
    const limiter = new SilentLimiter(Infinity);
    drive(table, limiter, 1, [0, 20_000]);
    expect(limiter.served).toBe(20_000);
    expect(learned(table)).toBe(0);
  });

  it('falls to what passed in a minute', () => {
    const table = oneKey();
    for (let sent = 0; sent < 300; sent += 1) {
      const taken = tryReserve(table, candidateOf(table, 'a'), sent * 200);
      if (typeof taken === 'string') throw new Error(taken);
      settle(table, taken, SUCCESS, at(sent * 200));
    }
    const stragglers = [1, 2, 3].map(() => tryReserve(table, candidateOf(table, 'a'), MINUTE));
    for (const each of stragglers) {
      if (typeof each === 'string') throw new Error(each);
      settle(table, each, slowDown, at(MINUTE + 1));
    }
    expect(learned(table)).toBeGreaterThan(295);
    expect(learned(table)).toBeLessThanOrEqual(300);
    expect(describeLimits(table, MINUTE)).toMatchObject([{ source: 'learned', confidence: 0.5 }]);
  });

  it.each([
    [10, 500],
    [60, 200],
    [600, 20],
  ])('of %i a minute is found and kept to, with few refusals', (most, everyMs) => {
    const table = oneKey();
    drive(table, new SilentLimiter(most), everyMs, [0, 10 * MINUTE]);
    const limiter = new SilentLimiter(most);
    drive(table, limiter, everyMs, [10 * MINUTE, 40 * MINUTE]);
    expect(limiter.served).toBeGreaterThan(0.85 * most * 30);
    expect(limiter.refused).toBeLessThan(Math.max(10, 0.02 * limiter.served));
  });

  it.each([10, 100, 1000])(
    'of %i in the last 60 s is known from the first refusal on and costs one refusal',
    (most) => {
      const table = oneKey();
      const limiter = new LastMinute(most);
      drive(table, limiter, 40_000 / most, [0, 6 * MINUTE]);
      expect(limiter.refused).toBeLessThanOrEqual(1 + 0.005 * limiter.served);
      expect(limiter.served).toBeGreaterThan(0.95 * 6 * most);
      expect(Math.floor(learned(table))).toBe(most);
    },
  );

  it('is looked for by one request after a refusal, and by eight times as many while none is refused', () => {
    const table = oneKey();
    const open = (count: number, now: number): Reservation[] =>
      Array.from({ length: count }, () => tryReserve(table, candidateOf(table, 'a'), now)).filter(
        (taken) => typeof taken !== 'string',
      );
    for (let second = 0; second < 30; second += 1) {
      for (const each of open(10, second * 1000)) settle(table, each, SUCCESS, at(second * 1000));
    }
    const [refused] = open(1, 30_000);
    if (refused === undefined) throw new Error('not sent');
    settle(table, refused, slowDown, at(30_050));
    const later = 95_000;
    expect(open(100, later)).toHaveLength(100);
    const [again] = open(1, later);
    if (again === undefined) throw new Error('not sent');
    settle(table, again, slowDown, at(later + 50));
    expect(open(100, later + 2100)).toHaveLength(1);
    expect(open(100, later + 2200)).toHaveLength(0);
    expect(open(100, later + 2400)).toHaveLength(7);
    expect(open(100, later + 2650)).toHaveLength(56);
  });

  it('is taken for a pace where all came within seconds', () => {
    const table = oneKey();
    const burst = Array.from({ length: 6 }, () => tryReserve(table, candidateOf(table, 'a'), 0));
    for (const [place, each] of burst.entries()) {
      if (typeof each === 'string') throw new Error(each);
      settle(table, each, place < 5 ? SUCCESS : slowDown, at(100));
    }
    expect(learned(table)).toBe(30);
  });

  it('that was found far too low grows faster and faster', () => {
    const table = oneKey();
    drive(table, new SilentLimiter(5), 1000, [0, 3 * MINUTE]);
    const found = learned(table);
    expect(found).toBeLessThan(10);
    drive(table, new SilentLimiter(Infinity), 100, [5 * MINUTE, 25 * MINUTE]);
    expect(learned(table)).toBeGreaterThan(50 * found);
  });

  it('is not learned from a refusal before which next to nothing had passed', () => {
    const table = oneKey();
    const taken = tryReserve(table, candidateOf(table, 'a'), 0);
    if (typeof taken === 'string') throw new Error(taken);
    settle(table, taken, slowDown, at(0));
    expect(learned(table)).toBe(0);
  });

  it('takes less from one refusal than half', () => {
    const table = oneKey();
    drive(table, new SilentLimiter(600), 50, [0, 2 * MINUTE]);
    const known = learned(table);
    const idle = 4 * MINUTE;
    const taken = tryReserve(table, candidateOf(table, 'a'), idle);
    if (typeof taken === 'string') throw new Error(taken);
    settle(table, taken, slowDown, at(idle));
    expect(learned(table)).toBeGreaterThanOrEqual(known / 2);
  });

  it('is looked for again after 1, 2, 4 … 32 s', () => {
    const table = oneKey();
    let now = 0;
    const waits: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      const taken = tryReserve(table, candidateOf(table, 'a'), now);
      if (typeof taken === 'string') throw new Error(`${taken} at ${now}`);
      settle(table, taken, slowDown, at(now));
      const [row] = listCooldowns(table, at(now));
      waits.push((row?.endsAt ?? 0) - at(now).wallNow);
      now += (waits.at(-1) ?? 0) + 60_000;
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 32_000]);
  });

  describe('refused once more at what is known of it', () => {
    /** Sixty a minute, known since a refusal; then the provider is asked for one more than it bears. */
    function knownTable(): KeyTable {
      const table = oneKey();
      drive(table, new LastMinute(60), 700, [0, 4 * MINUTE]);
      expect(Math.floor(learned(table))).toBe(60);
      return table;
    }

    /** The next attempt from then on that the counts have room for. */
    function next(table: KeyTable, from: number): { taken: Reservation; now: number } {
      for (let now = from; now < from + 2 * MINUTE; now += 10) {
        const taken = tryReserve(table, candidateOf(table, 'a'), now);
        if (typeof taken !== 'string') return { taken, now };
      }
      throw new Error('nothing fits');
    }

    const pauseOf = (table: KeyTable, now: number): number =>
      Math.max(0, ...listCooldowns(table, at(now)).map(({ endsAt }) => endsAt - at(now).wallNow));

    it('pauses until its next slot, without a longer guess the next time', () => {
      const table = knownTable();
      const { taken, now } = next(table, 4 * MINUTE);
      settle(table, taken, slowDown, at(now));
      expect(pauseOf(table, now)).toBe(50);
      expect(learned(table)).toBeGreaterThanOrEqual(59);
      expect(next(table, now).now - now).toBeLessThanOrEqual(1100);
    });

    it('is asked more seldom where refusals follow each other: then nothing has come back', () => {
      const table = knownTable();
      const pauses: number[] = [];
      let from = 4 * MINUTE;
      for (let turn = 0; turn < 5; turn += 1) {
        const { taken, now } = next(table, from);
        settle(table, taken, slowDown, at(now));
        pauses.push(pauseOf(table, now));
        from = now;
      }
      expect(pauses).toEqual([50, 50, 1000, 2000, 4000]);
    });

    it('has passed with the first content of an answer, however long that goes on', () => {
      const table = knownTable();
      let from = 4 * MINUTE;
      for (let turn = 0; turn < 4; turn += 1) {
        const { taken, now } = next(table, from);
        settle(table, taken, slowDown, at(now));
        from = now;
      }
      const { taken, now } = next(table, from);
      expect(listCooldowns(table, at(now - 5000))).not.toEqual([]);
      noteFirstContent(table, taken, now + 300);
      const after = next(table, now + 300);
      settle(table, after.taken, slowDown, at(after.now));
      expect(pauseOf(table, after.now)).toBeLessThanOrEqual(1000);
    });
  });

  it('is nothing any more once a limit is told, and is forgotten when cleared by hand', () => {
    const table = oneKey();
    drive(table, new SilentLimiter(10), 500, [0, MINUTE]);
    expect(learned(table)).toBeGreaterThan(0);
    clearCooldowns(table, {}, at(MINUTE));
    expect(learned(table)).toBe(0);
    const taken = tryReserve(table, candidateOf(table, 'a'), MINUTE);
    if (typeof taken === 'string') throw new Error(taken);
    const told = { limit: 100, remaining: 90, resetInMs: 1000, source: 'header' } as const;
    observeLimits(table, taken, [{ ...told, dimension: 'tokens_minute' }], { now: MINUTE });
    settle(table, taken, slowDown, at(MINUTE));
    expect(learned(table)).toBe(0);
  });
});

describe('a cap on what runs at the same time', () => {
  const tooMany = verdictOf('concurrency', { scope: 'node', dimension: 'concurrency' });

  it('is what ran when one more was refused, and rises by one after 30 s at it', () => {
    const table = oneKey();
    const running = [1, 2, 3].map(() => tryReserve(table, candidateOf(table, 'a'), 0));
    const refused = running.pop();
    if (refused === undefined || typeof refused === 'string') throw new Error('not sent');
    settle(table, refused, tooMany, at(0));
    expect(tryReserve(table, candidateOf(table, 'a'), 4999)).toBe('cooled');
    expect(tryReserve(table, candidateOf(table, 'a'), 5001)).toBe('does_not_fit');
    const [first] = running;
    if (first === undefined || typeof first === 'string') throw new Error('not sent');
    settle(table, first, SUCCESS, at(5002));
    expect(typeof tryReserve(table, candidateOf(table, 'a'), 5003)).toBe('object');
    expect(tryReserve(table, candidateOf(table, 'a'), 5004)).toBe('does_not_fit');
    expect(typeof tryReserve(table, candidateOf(table, 'a'), 30_001)).toBe('object');
    expect(tryReserve(table, candidateOf(table, 'a'), 30_002)).toBe('does_not_fit');
  });

  it('is never less than one', () => {
    const table = oneKey();
    const only = tryReserve(table, candidateOf(table, 'a'), 0);
    if (typeof only === 'string') throw new Error(only);
    settle(table, only, tooMany, at(0));
    expect(typeof tryReserve(table, candidateOf(table, 'a'), 5001)).toBe('object');
  });
});
