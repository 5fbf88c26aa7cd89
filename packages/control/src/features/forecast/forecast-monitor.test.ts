import type { LimitSample } from '@keywell/core/forecast/limit-sample';
import { memoryForecastStore } from '@keywell/storage/forecast/memory-forecast-store';
import { FakeClock } from '@keywell/testkit/fake-clock';
import { describe, expect, it } from 'vitest';
import { listForecast } from './forecast-service.ts';
import { ForecastMonitor } from './forecast-monitor.ts';

const MINUTE = 60_000;
const MIDDAY = Date.UTC(2026, 10, 23, 12);

/** A monitor over a day's limit of 100,000 tokens that goes down by 1,000 a minute. */
function world(store = memoryForecastStore()) {
  const clock = new FakeClock({ wallNow: MIDDAY });
  const startedAt = clock.now();
  const steps: { readonly step: () => void; readonly delayMs: number }[] = [];
  const samples: number[] = [];
  const failures: string[] = [];
  let costMs = 0;
  let version = 1;
  const limit = (): LimitSample => {
    clock.advance(costMs);
    return {
      provider: 'openai',
      path: 'openai/org-1',
      group: 'gpt-5',
      dimension: 'tokens_day',
      limit: 100_000,
      remaining: 100_000 - ((clock.now() - startedAt) / MINUTE) * 1000,
      resetInMs: 12 * 60 * MINUTE,
      refill: 'window',
      source: 'header',
      reserved: 0,
      used: null,
      rate: 0,
    };
  };
  const pool = { provider: 'openai', domainPath: ['openai/org-1'], group: 'gpt-5' };
  const monitor = new ForecastMonitor({
    dataPlane: {
      limits: () => [limit()],
      pools: () => [
        {
          pool: version === 1 ? 'chat' : 'renamed',
          tiers: [{ tier: 0, candidates: 1, eligible: 1, nextInMs: null }],
          requests10s: 0,
          retries10s: 0,
        },
      ],
      poolMembers: () => new Map([[version === 1 ? 'chat' : 'renamed', [pool]]]),
      status: () => ({ version, hash: '', workers: [], restarts: 0, draining: false }),
    },
    store,
    now: clock.now,
    wallNow: clock.wallNow,
    schedule: (step, delayMs) => {
      steps.push({ step, delayMs });
      return () => void steps.splice(0);
    },
    onSample: (pools) => samples.push(pools[0]?.dimensions[0]?.percentLeft ?? -1),
    onFailure: (reason) => failures.push(reason),
  });
  return {
    monitor,
    store,
    steps,
    samples,
    failures,
    clock,
    costs: (ms: number) => void (costMs = ms),
    publish: () => void (version += 1),
    /** Lets time pass, sample by sample. */
    run: (forMs: number): void => {
      const until = clock.now() + forMs;
      while (clock.now() < until) {
        const next = steps.shift();
        if (next === undefined) throw new Error('nothing is scheduled');
        clock.advance(next.delayMs);
        next.step();
      }
    },
  };
}

describe('the forecast monitor', () => {
  it('samples every five seconds and foresees the end', async () => {
    const { monitor, run, samples } = world();
    await monitor.start();
    run(20 * MINUTE);
    expect(samples).toHaveLength(241);
    const [pool] = monitor.forecast();
    expect(pool?.dimensions[0]?.burnPerMinute).toBeCloseTo(1000, -1);
    expect((pool?.exhaustsInMs ?? 0) / MINUTE).toBeCloseTo(80, 0);
    const answer = listForecast({ forecast: monitor }, 'nowhere');
    expect(answer).toMatchObject({ ok: false, code: 'not_found' });
  });

  it('samples more rarely where a sample is dear, so that it never takes more than a hundredth', async () => {
    const { monitor, steps, costs } = world();
    costs(200);
    await monitor.start();
    expect(steps[0]?.delayMs).toBe(20_000);
  });

  it('keeps finished hours and limits, and the hour under way at its end', async () => {
    const first = world();
    await first.monitor.start();
    first.run(70 * MINUTE);
    await first.monitor.stop();
    const hours = await first.store.loadHours(0);
    expect(hours.map(({ hourAt }) => hourAt)).toEqual([MIDDAY, MIDDAY + 60 * MINUTE]);
    expect(hours[0]?.amount).toBeCloseTo(60_000, -3);
    expect(await first.store.loadLimits()).toMatchObject([
      { path: 'openai/org-1', dimension: 'tokens_day', limit: 100_000 },
    ]);
    expect(first.steps).toEqual([]);
  });

  it('follows a new configuration', async () => {
    const { monitor, run, publish } = world();
    await monitor.start();
    run(MINUTE);
    publish();
    run(MINUTE);
    expect(monitor.forecast()[0]).toMatchObject({ pool: 'renamed', dimensions: [{ limit: 1e5 }] });
  });

  it('goes on without its history when the store fails, and says so', async () => {
    const broken = {
      ...memoryForecastStore(),
      loadHours: () => Promise.reject(new Error('disk full')),
      saveLimits: () => Promise.reject(new Error('disk full')),
    };
    const { monitor, run, failures, samples } = world(broken);
    await monitor.start();
    run(11 * MINUTE);
    await monitor.stop();
    expect(samples.length).toBeGreaterThan(100);
    expect(failures).toEqual(['Error: disk full', 'Error: disk full', 'Error: disk full']);
  });
});
