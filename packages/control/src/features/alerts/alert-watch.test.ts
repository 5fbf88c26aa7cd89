import type { PoolForecast } from '@keywell/core/forecast/forecast';
import type { CooldownChange } from '@keywell/core/keys/status';
import { memoryAlertStore } from '@keywell/storage/alerts/memory-alert-store';
import { describe, expect, it } from 'vitest';
import { AlertWatch } from './alert-watch.ts';

const MINUTE = 60_000;
const dry = (eligible: number): PoolForecast => ({
  pool: 'chat',
  state: eligible === 0 ? 'exhausted' : 'ready',
  candidates: 1,
  eligible,
  nextInMs: null,
  exhaustsInMs: null,
  requestsPerMinute: 0,
  dimensions: [],
});
const funds: CooldownChange = {
  action: 'set',
  scopeId: 'node:openai/org-1',
  scope: 'node',
  class: 'funds_exhausted',
  dimension: 'spend',
  endsAt: 100 * MINUTE,
  authoritative: true,
  strikes: 0,
  evidence: '',
};
const at = (now: number) => ({ now, wallNow: now });

function watch(store = memoryAlertStore()) {
  const told: string[] = [];
  const failures: string[] = [];
  const alerts = new AlertWatch({
    store,
    rules: () => [],
    onRaised: ({ kind }) => told.push(kind),
    onFailure: (reason) => failures.push(reason),
  });
  return { alerts, told, failures, store };
}

describe('the watch over alerts', () => {
  it('tells, keeps, counts and ends', async () => {
    const { alerts, told, store } = watch();
    await alerts.start([funds]);
    alerts.look([dry(0)], at(1));
    alerts.look([dry(1)], at(2));
    alerts.look([dry(1)], at(2 + MINUTE));
    await alerts.settled();
    expect(told).toEqual(['funds_exhausted', 'pool_exhausted', 'pool_recovered']);
    const kept = await store.list({ limit: 10 });
    const rows = kept.map(({ kind, at: since, endedAt }) => [kind, since, endedAt]);
    expect(rows.toSorted((a, b) => (String(a[0]) < String(b[0]) ? 1 : -1))).toEqual([
      ['pool_recovered', 2 + MINUTE, 2 + MINUTE],
      ['pool_exhausted', 1, 2 + MINUTE],
      ['funds_exhausted', 1, null],
    ]);
    const counts = alerts.counts().filter(({ raised }) => raised > 0);
    expect(counts).toEqual([
      { kind: 'pool_exhausted', raised: 1, active: 0 },
      { kind: 'pool_recovered', raised: 1, active: 0 },
      { kind: 'funds_exhausted', raised: 1, active: 1 },
    ]);
  });

  it('does not tell again after a restart what is still so, and ends what is not', async () => {
    const { alerts, store } = watch();
    await alerts.start([funds]);
    alerts.look([dry(0)], at(1));
    await alerts.settled();
    const again = watch(store);
    await again.alerts.start([]);
    again.alerts.look([dry(0)], at(MINUTE));
    again.alerts.look([dry(0)], at(3 * MINUTE));
    await again.alerts.settled();
    expect(again.told).toEqual([]);
    const active = await store.list({ limit: 10, activeOnly: true });
    expect(active.map(({ kind }) => kind)).toEqual(['pool_exhausted']);
  });

  it('tells all the same when nothing can be kept', async () => {
    const broken = {
      ...memoryAlertStore(),
      append: () => Promise.reject(new Error('disk full')),
    };
    const { alerts, told, failures } = watch(broken);
    await alerts.start([]);
    alerts.look([dry(0)], at(1));
    await alerts.settled();
    expect(told).toEqual(['pool_exhausted']);
    expect(failures).toEqual(['Error: disk full']);
  });
});
