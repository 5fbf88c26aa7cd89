import { describe, expect, it } from 'vitest';
import { aSnapshot } from '../../../testkit/src/a-snapshot.ts';
import { initKeyTable, openKeyTable } from '../keys/key-table.ts';
import type { LimitObservation } from '../keys/limit-observation.ts';
import { needFrom } from '../keys/need.ts';
import { observeLimits } from '../keys/observe-limits.ts';
import { planKeys } from '../keys/plan.ts';
import { reserve, settle } from '../keys/reserve.ts';
import { SUCCESS } from '../keys/verdict.ts';
import { ForecastTracker } from './forecast-tracker.ts';
import { poolMembers } from './pool-members.ts';
import { sampleLimits } from './sample-limits.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MONDAY = Date.UTC(2026, 10, 23);

describe('limits of the key table, sampled', () => {
  it('foresees the end of a day limit from what requests through the engine were told', () => {
    const keys = [{ id: 'a', domain: ['org-1', 'project-a'] }];
    const plan = planKeys(aSnapshot({ providers: [{ keys }] }));
    const buffer = new ArrayBuffer(plan.byteLength(1));
    initKeyTable(plan, buffer);
    const table = openKeyTable(plan, buffer, { worker: 0, epoch: 1 });
    const [candidate] = plan.candidates;
    if (candidate === undefined) throw new Error('no candidate');
    const tracker = new ForecastTracker();
    tracker.setPools(poolMembers(plan));
    let left = 1_000_000;
    /** One request of 100 tokens a second. */
    for (let now = SECOND; now <= 45 * MINUTE; now += SECOND) {
      const held = reserve(table, candidate, now, needFrom({ tokens: 100 }));
      if (held === null) throw new Error('refused');
      left -= 100;
      const told: LimitObservation = {
        dimension: 'tokens_day',
        limit: 1_000_000,
        remaining: left,
        resetInMs: 12 * 60 * MINUTE - now,
        reset: 'window_end',
        refill: 'window',
        source: 'header',
      };
      observeLimits(table, held, [told], { now });
      settle(table, held, SUCCESS, { now, wallNow: MONDAY + now, random: () => 0.5 });
      if (now % (5 * SECOND) === 0) {
        tracker.note(sampleLimits(table, now), { now, wallNow: MONDAY + now });
      }
    }
    const now = 45 * MINUTE;
    const status = {
      pool: 'chat',
      tiers: [{ tier: 0, candidates: 1, eligible: 1, nextInMs: null }],
      requests10s: 10,
      retries10s: 0,
    };
    const [pool] = tracker.forecast([status], { now, wallNow: MONDAY + now });
    expect(pool?.dimensions).toHaveLength(1);
    const [day] = pool?.dimensions ?? [];
    expect(day).toMatchObject({ dimension: 'tokens_day', domains: { known: 1, all: 1 } });
    expect(day?.left).toBe(730_000);
    expect(day?.burnPerMinute).toBeCloseTo(6000, -2);
    expect((day?.exhaustsInMs ?? 0) / MINUTE).toBeCloseTo(121.7, 0);
  });
});
