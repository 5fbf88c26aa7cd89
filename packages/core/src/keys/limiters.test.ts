import { describe, expect, it } from 'vitest';
import { PLAIN_CHARGE, type ChargeRule } from './charge-rule.ts';
import { choose, createTried } from './choose.ts';
import type { LimitObservation } from './limit-observation.ts';
import { chargedOf, needOf } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import { settle, tryReserve } from './reserve.ts';
import {
  firstTier,
  keyOf,
  openTable,
  planOf,
  seededRandom,
  verdictOf,
} from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

/** The engine before providers that really limit, in virtual time, with answers that overtake each other. */

const MINUTE = 60_000;

interface Bucket {
  /** Takes an amount if it is there. */
  take(amount: number, now: number): boolean;
  give(amount: number): void;
  left(now: number): number;
  resetInMs(now: number): number;
}

function continuous(limit: number): Bucket {
  let level = limit;
  let at = 0;
  const roll = (now: number): void => {
    level = Math.min(limit, level + ((now - at) * limit) / MINUTE);
    at = now;
  };
  return {
    take: (amount, now) => {
      roll(now);
      if (amount > level) return false;
      level -= amount;
      return true;
    },
    give: (amount) => {
      level += amount;
    },
    left: (now) => {
      roll(now);
      return Math.floor(level);
    },
    resetInMs: () => ((limit - level) * MINUTE) / limit,
  };
}

function window(limit: number): Bucket {
  let used = 0;
  let since = 0;
  const roll = (now: number): void => {
    const begins = Math.floor(now / MINUTE);
    if (begins !== since) used = 0;
    since = begins;
  };
  return {
    take: (amount, now) => {
      roll(now);
      if (used + amount > limit) return false;
      used += amount;
      return true;
    },
    give: (amount) => {
      used -= amount;
    },
    left: (now) => {
      roll(now);
      return Math.max(0, limit - used);
    },
    resetInMs: (now) => (Math.floor(now / MINUTE) + 1) * MINUTE - now,
  };
}

interface Event {
  readonly at: number;
  readonly run: () => void;
}

/** Events in order of time; a plain heap would do the same faster. */
class Timeline {
  readonly #events: Event[] = [];

  add(at: number, run: () => void): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, { at, run });
  }

  run(): void {
    for (let next = this.#events.pop(); next !== undefined; next = this.#events.pop()) next.run();
  }
}

interface Limiter {
  readonly make: (limit: number) => Bucket;
  readonly refill: 'continuous' | 'window' | undefined;
  readonly charge: ChargeRule;
}

const TOKENS = 60_000;
const REQUESTS = 100;

/** Twenty minutes of so much more than three keys bear; shares of what they could have served, and of what they refused. */
function drive({ make, refill, charge }: Limiter, load: number) {
  const table = openTable(planOf(keyOf('a'), keyOf('b'), keyOf('c')), 2);
  const tier = firstTier(table);
  const buckets = new Map(
    ['a', 'b', 'c'].map((id) => [id, { requests: make(REQUESTS), tokens: make(TOKENS) }]),
  );
  const random = seededRandom(11);
  const timeline = new Timeline();
  const seen = { sent: 0, refused: 0, served: 0 };
  const end = 20 * MINUTE;

  const arrive = (now: number): void => {
    const inputTokens = 200 + Math.floor(random() * 400);
    const outputTokens = Math.floor(random() * 500);
    const size = { inputTokens, maxOutputTokens: 500, choices: 1, contextLength: null };
    const need = needOf(charge, size, 450);
    const candidate = choose(table, tier, createTried(), { now, random, need });
    const taken = candidate === null ? 'cooled' : tryReserve(table, candidate, now, need);
    if (typeof taken === 'string') return;
    seen.sent += 1;
    const bucket = buckets.get(taken.candidate.key.id);
    if (bucket === undefined) throw new Error('no such key');
    timeline.add(now + 20 + random() * 60, () => {
      const arrived = now + 40;
      const upfront = (need.total[1] ?? 0) - (need.late[1] ?? 0);
      const passes = bucket.requests.take(1, arrived) && bucket.tokens.take(upfront, arrived);
      const told = (dimension: 'requests_minute' | 'tokens_minute', of: Bucket, limit: number) =>
        ({
          dimension,
          limit,
          remaining: of.left(arrived),
          resetInMs: of.resetInMs(arrived),
          reset: refill === 'window' ? 'window_end' : 'full_again',
          ...(refill === undefined ? {} : { refill }),
          source: 'header',
        }) satisfies LimitObservation;
      const observations = [
        told('requests_minute', bucket.requests, REQUESTS),
        told('tokens_minute', bucket.tokens, TOKENS),
      ];
      const tookMs = passes ? 500 + random() * 6000 : 30;
      timeline.add(arrived + 20 + (passes ? 300 * random() : 0), () => {
        observeLimits(table, taken, observations, { now: arrived + 20, refused: !passes });
      });
      timeline.add(arrived + 400 + tookMs, () => {
        const ended = arrived + 400 + tookMs;
        const at = { now: ended, wallNow: ended, random };
        if (!passes) {
          seen.refused += 1;
          settle(table, taken, verdictOf('window_exhausted_short'), at);
          return;
        }
        seen.served += 1;
        const usage = { inputTokens, outputTokens, cachedTokens: 0 };
        const charged = chargedOf(charge, usage, need);
        bucket.tokens.give(upfront - (charged[1] ?? 0));
        settle(table, taken, SUCCESS, { ...at, charged });
      });
    });
  };

  const perMinute = 3 * Math.min(REQUESTS, TOKENS / 650) * load;
  for (let now = 0; now < end; now += (-Math.log(1 - random()) * MINUTE) / perMinute) {
    const arrival = now;
    timeline.add(arrival, () => arrive(arrival));
  }
  timeline.run();
  const possible = Math.min(3 * (TOKENS / 650), perMinute) * 20;
  return { served: seen.served / possible, refused: seen.refused / seen.sent };
}

const upfront: ChargeRule = { ...PLAIN_CHARGE, output: 'upfront' };
const asProduced: ChargeRule = { ...PLAIN_CHARGE, output: 'as_produced' };

describe('three keys before real limiters', () => {
  it.each([
    [
      'continuous, output taken at once',
      { make: continuous, refill: 'continuous', charge: upfront },
    ],
    [
      'continuous, output as it comes',
      { make: continuous, refill: 'continuous', charge: asProduced },
    ],
    ['continuous, and nobody says so', { make: continuous, refill: undefined, charge: upfront }],
    ['windows', { make: window, refill: 'window', charge: asProduced }],
    ['windows, and nobody says so', { make: window, refill: undefined, charge: upfront }],
  ] as const)('serve what can be served and are hardly ever refused: %s', (_, limiter) => {
    for (const load of [0.8, 1.3]) {
      const { served, refused } = drive(limiter, load);
      expect(refused).toBeLessThan(0.01);
      expect(served).toBeGreaterThan(0.9);
    }
  });
});
