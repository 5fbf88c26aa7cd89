import { ERRORS } from '@keywell/core/errors/catalogue';
import type { Exclusion, TimelineEvent } from '@keywell/core/log/request-record';
import { SUCCESS, type Verdict, type VerdictClass } from '@keywell/core/keys/verdict';
import { FakeClock } from '@keywell/testkit/fake-clock';
import { describe, expect, it } from 'vitest';
import { renderMetrics } from '../telemetry/exposition.ts';
import { createMetricCells, Meter } from '../telemetry/meter.ts';
import { exhaustedRefusal, type LastFailure, type TierView } from './pool-state.ts';

const NOTHING_TRIED: LastFailure = { verdict: null, status: 0 };
const last = (of: VerdictClass, status: number): LastFailure => {
  const verdict: Verdict = { ...SUCCESS, class: of };
  return { verdict, status };
};
const tier = (blocked: TierView['blocked'], nextInMs: number | null, eligible = 0): TierView => ({
  eligible,
  excluded: [],
  nextInMs,
  blocked,
});

function refusalOf(tiers: readonly TierView[], failure: LastFailure) {
  const timeline: TimelineEvent[] = [];
  const cells = createMetricCells(1);
  const plane = { clock: new FakeClock(), meter: new Meter(cells, 0) };
  const refusal = exhaustedRefusal({ offset: () => 1.5, timeline }, plane, tiers, failure);
  const headers: Record<string, string> = {};
  for (let at = 0; at < refusal.headers.length; at += 2) {
    headers[refusal.headers[at] ?? ''] = refusal.headers[at + 1] ?? '';
  }
  const counted = / (\d+)$/m.exec(
    renderMetrics(cells, 1, []).match(/^keywell_pool_exhausted_total \d+$/m)?.[0] ?? '',
  );
  return { refusal, headers, timeline, counted: Number(counted?.[1]) };
}

describe('a pool with nothing left', () => {
  it('is exhausted when time brings a key back, in whole seconds that are never too early', () => {
    for (const [nextInMs, retryAfter] of [
      [1, '1'],
      [1000, '1'],
      [1001, '2'],
      [8200, '9'],
      [60_000, '60'],
    ] as const) {
      const { refusal, headers, counted } = refusalOf([tier('time', nextInMs)], NOTHING_TRIED);
      expect(refusal.code).toBe('pool_exhausted');
      expect(headers).toEqual({ 'retry-after': retryAfter });
      expect(counted).toBe(1);
    }
  });

  it('is not to blame where the worker is full, and the caller may come again soon', () => {
    const open = tier('none', null, 3);
    for (const failure of [
      { ...NOTHING_TRIED, isFull: true },
      { ...NOTHING_TRIED, isFull: true, stoodInLine: true },
      { ...last('window_exhausted_short', 429), isFull: true, stoodInLine: true },
    ]) {
      const { refusal, headers, counted } = refusalOf([open], failure);
      expect(refusal.code).toBe('overloaded');
      expect(headers).toEqual({ 'retry-after': '1' });
      expect(counted).toBe(0);
    }
    const failed = { ...last('transient', 500), isFull: true };
    expect(refusalOf([open], failed).refusal.code).toBe('upstream_error');
    const dry = { ...NOTHING_TRIED, isFull: true };
    expect(refusalOf([tier('time', 2000)], dry).refusal.code).toBe('pool_exhausted');
  });

  it('cannot serve a request that is larger than every limit, and no time changes that', () => {
    const tiers = [tier('too_large', null), tier('unavailable', 900_000)];
    const { refusal, headers } = refusalOf(tiers, NOTHING_TRIED);
    expect(refusal.code).toBe('request_exceeds_limits');
    expect(headers).toEqual({ 'x-should-retry': 'false' });
    const other = refusalOf([tier('too_large', null), tier('time', 5000)], NOTHING_TRIED);
    expect(other.refusal.code).toBe('pool_exhausted');
  });

  it('is unavailable, and the request not at fault, where those that could serve it are dead', () => {
    const capable = tier('unavailable', null);
    for (const tiers of [
      [capable, tier('unfit', null)],
      [tier('unfit', null), capable],
    ]) {
      expect(refusalOf(tiers, NOTHING_TRIED).refusal.code).toBe('pool_unavailable');
    }
    const none = [tier('unfit', null), tier('unfit', null)];
    expect(refusalOf(none, NOTHING_TRIED).refusal.code).toBe('no_capable_model');
  });

  it('takes the soonest end over all tiers', () => {
    const tiers = [tier('time', 30_000), tier('time', 4000), tier('unavailable', null)];
    expect(refusalOf(tiers, NOTHING_TRIED).headers).toEqual({ 'retry-after': '4' });
  });

  it('tells SDKs not to sleep on more than a minute', () => {
    const { headers } = refusalOf([tier('time', 61_000)], last('funds_exhausted', 429));
    expect(headers).toEqual({ 'retry-after': '61', 'x-should-retry': 'false' });
  });

  it('is exhausted too when only some keys come back by time', () => {
    expect(refusalOf([tier('mixed', 5000)], NOTHING_TRIED).refusal.code).toBe('pool_exhausted');
    const tiers = [tier('unavailable', 900_000), tier('time', 5000)];
    expect(refusalOf(tiers, NOTHING_TRIED).refusal.code).toBe('pool_exhausted');
  });

  it('is unavailable when only dead keys or overload stand in the way', () => {
    const dead = refusalOf([tier('unavailable', 900_000)], last('credential_dead', 401));
    expect(dead.refusal.code).toBe('pool_unavailable');
    expect(dead.headers).toEqual({ 'retry-after': '900', 'x-should-retry': 'false' });
    expect(dead.counted).toBe(0);
    const empty = refusalOf([], NOTHING_TRIED);
    expect(empty.refusal.code).toBe('pool_unavailable');
    expect(empty.headers).toEqual({ 'x-should-retry': 'false' });
  });

  it.each([
    ['too_large_for_limit', 429, 'request_exceeds_limits'],
    ['ambiguous_accept', 0, 'upstream_timeout'],
    ['transient', 500, 'upstream_error'],
    ['unknown', 200, 'upstream_invalid'],
    ['caller_fault', 400, 'upstream_error'],
  ] as const)('answers for its last attempt, %s, while keys are eligible', (of, status, code) => {
    const { refusal, headers } = refusalOf([tier('none', null, 2)], last(of, status));
    expect(refusal.code).toBe(code);
    expect(headers).toEqual({ 'x-should-retry': 'false' });
  });

  it('lets an overloaded provider be asked again, when it said so or at the SDK’s own pace', () => {
    const plain = refusalOf([tier('none', 3_600_000, 2)], last('provider_overloaded', 503));
    expect(plain.refusal.code).toBe('pool_unavailable');
    expect(plain.headers).toEqual({});
    const { verdict } = last('provider_overloaded', 503);
    const named = verdict === null ? null : { ...verdict, endsInMs: 2500 };
    const asked = refusalOf([tier('none', null, 1)], { verdict: named, status: 503 });
    expect(asked.headers).toEqual({ 'retry-after': '3' });
  });

  it.each([
    [['model_forbidden', 'model_forbidden'], 'model_not_found'],
    [['model_forbidden', 'model_not_allowed'], 'model_not_found'],
    [['model_forbidden', 'credential_dead'], 'pool_unavailable'],
    [['model_not_allowed'], 'pool_unavailable'],
    [['credential_dead', 'region_blocked'], 'pool_unavailable'],
  ] as const)('that has only keys kept away by %j answers %s to the next call', (whys, code) => {
    const excluded = whys.map((why): Exclusion => ({
      provider: 'p',
      key: why,
      why,
      scope: 'key_group',
      endsInMs: 9000,
    }));
    const { refusal } = refusalOf([{ ...tier('unavailable', 9000), excluded }], NOTHING_TRIED);
    expect(refusal.code).toBe(code);
  });

  it('has the status that SDKs read the right way for each ending', () => {
    const statuses = (
      [
        ['funds_exhausted', 429],
        ['window_exhausted_short', 429],
        ['concurrency', 429],
        ['slow_down', 429],
        ['provider_overloaded', 503],
        ['credential_dead', 503],
        ['region_blocked', 503],
        ['too_large_for_limit', 400],
        ['model_forbidden', 404],
        ['ambiguous_accept', 504],
        ['transient', 502],
      ] as const
    ).map(([of, status]) => {
      const { refusal } = refusalOf([tier('none', null, 1)], last(of, 500));
      return [of, ERRORS[refusal.code].status, status];
    });
    for (const [of, actual, expected] of statuses) expect([of, actual]).toEqual([of, expected]);
  });

  it('never queues what is too large, whatever else is cooled', () => {
    const { refusal, headers } = refusalOf([tier('time', 5)], last('too_large_for_limit', 429));
    expect(refusal.code).toBe('request_exceeds_limits');
    expect(headers['retry-after']).toBeUndefined();
  });

  it('is no such model where no key may use it', () => {
    const { refusal } = refusalOf([tier('unavailable', 3_600_000)], last('model_forbidden', 403));
    expect(refusal.code).toBe('model_not_found');
  });

  it('says nothing of keys to the caller, and a bounded number of them to the log', () => {
    const exclusion: Exclusion = {
      provider: 'openai',
      key: 'secret-alias',
      why: 'funds_exhausted',
      scope: 'node',
      endsInMs: 5000,
    };
    const excluded = Array.from({ length: 500 }, () => exclusion);
    const { refusal, timeline } = refusalOf(
      [{ ...tier('time', 5000), excluded }, tier('time', 9000)],
      NOTHING_TRIED,
    );
    expect(JSON.stringify(refusal)).not.toContain('secret-alias');
    expect(timeline).toHaveLength(2);
    expect(timeline[0]).toMatchObject({ kind: 'candidates', at: 1.5, tier: 0, eligible: 0 });
    expect(JSON.stringify(timeline).split('secret-alias').length - 1).toBe(16);
  });
});
