import { PLAIN_CHARGE } from '@keywell/core/keys/charge-rule';
import type { DeclaredLimit } from '@keywell/core/snapshot/snapshot';
import type { LimitFacts } from '@keywell/core/forecast/limit-sample';
import type { RequestRecord, TimelineEvent } from '@keywell/core/log/request-record';
import { aSnapshot, type SnapshotSketch } from '@keywell/testkit/a-snapshot';
import { seededRandom } from '@keywell/testkit/seeded-random';
import { describe, expect, it } from 'vitest';
import { parsePeriod } from './period.ts';
import { renderReplay, replayJson } from './render-replay.ts';
import { each, record, START, usage } from './replay-fixture.contract.ts';
import { runReplay } from './run-replay.ts';

const SECOND = 1000;
const UPFRONT = { ...PLAIN_CHARGE, output: 'upfront' as const };

const perMinute = (limit: number, dimension: DeclaredLimit['dimension']): DeclaredLimit => ({
  dimension,
  limit,
  refill: 'continuous',
  groups: [],
});
const replay = (
  sketch: SnapshotSketch,
  records: readonly RequestRecord[],
  known: readonly LimitFacts[] = [],
) =>
  runReplay({
    snapshot: aSnapshot(sketch),
    known,
    records: each(records),
    from: START,
    random: seededRandom(1),
    onProgress: () => undefined,
  });
/** So many requests, evenly in a minute. */
const minute = (requests: number, more: Partial<RequestRecord> = {}) =>
  Array.from({ length: requests }, (_, at) =>
    record(Math.floor((at * 60 * SECOND) / requests), more),
  );
const key = (id: string, limits: readonly DeclaredLimit[]) => ({ id, limits });

describe('a replay', () => {
  it('answers everything where nothing limits it, and says that nothing does', async () => {
    const { happened, virtual, limits, guessed } = await replay({}, minute(50));
    expect(virtual).toMatchObject({ requests: 50, answered: 50, attempts: 50, dry: 0 });
    expect(happened).toMatchObject({ requests: 50, answered: 50, attempts: 50, dry: 0 });
    expect(limits).toMatchObject({ declared: 0, known: 0, unlimited: ['openai/org-a#gpt-5'] });
    expect(guessed).toBe(0);
  });

  it('refuses what a declared limit does not admit, and spares the attempts that would be in vain', async () => {
    const keys = [key('a', [perMinute(10, 'requests_minute')])];
    const { virtual } = await replay({ providers: [{ keys }] }, minute(60));
    // A full bucket of 10, and 10 more while the minute passes.
    expect(virtual.answered).toBeGreaterThanOrEqual(18);
    expect(virtual.answered).toBeLessThanOrEqual(20);
    expect(virtual.dry).toBe(60 - virtual.answered);
    expect(virtual.refusedAttempts).toBeLessThan(20);
    expect(virtual.wastedAttempts).toBe(0);
  });

  it('two domains serve what one could not, a second key of the same domain nothing more', async () => {
    const limits = [perMinute(30, 'requests_minute')];
    const two = await replay(
      { providers: [{ keys: [key('a', limits), key('b', limits)] }] },
      minute(60),
    );
    expect(two.virtual).toMatchObject({ answered: 60, dry: 0 });
    const same = { domain: ['org-1'], limits };
    const one = await replay(
      {
        providers: [
          {
            keys: [
              { id: 'a', ...same },
              { id: 'b', ...same },
            ],
          },
        ],
      },
      minute(90),
    );
    expect(one.virtual.answered).toBeLessThanOrEqual(60);
  });

  it('takes tokens as they were logged, and a request larger than the limit is told so', async () => {
    const keys = [key('a', [perMinute(1000, 'tokens_minute')])];
    const records = [record(0, { usage: usage(2000, 10) }), record(1, { usage: usage(900, 50) })];
    const { virtual } = await replay({ providers: [{ keys, charge: UPFRONT }] }, records);
    expect(virtual).toMatchObject({ answered: 1, tooLarge: 1, dry: 0, attempts: 1 });
  });

  it('lets calls wait where the pool does, and counts the waits', async () => {
    const keys = [key('a', [perMinute(60, 'requests_minute')])];
    const pools = [{ maxWaitMs: 30 * SECOND }];
    const burst = Array.from({ length: 70 }, (_, at) => record(at));
    const { virtual } = await replay({ providers: [{ keys }], pools }, burst);
    expect(virtual).toMatchObject({ answered: 70, dry: 0 });
    expect(virtual.waited).toBe(10);
    expect(virtual.waitAt(0.5)).toBe(0);
    expect(virtual.waitAt(0.99)).toBeGreaterThan(5 * SECOND);
    expect(virtual.waitAt(0.99)).toBeLessThan(20 * SECOND);
  });

  it('waits for the best tier as long as the pool does, and goes to the next one then', async () => {
    const openai = { keys: [key('a', [perMinute(60, 'requests_minute')])] };
    const other = { id: 'other', keys: [key('b', [])] };
    const tiers = [{ targets: [{}] }, { targets: [{ provider: 'other' }] }];
    const pools = [{ maxWaitMs: 30 * SECOND, spillAfterMs: 3500, tiers }];
    const burst = Array.from({ length: 70 }, () => record(0));
    const { virtual } = await replay({ providers: [openai, other], pools }, burst);
    expect(virtual).toMatchObject({ answered: 70, waited: 10 });
    expect(virtual.providers()).toEqual([
      { provider: 'openai', answered: 63 },
      { provider: 'other', answered: 7 },
    ]);
    expect(virtual.waitAt(0.99)).toBeLessThan(5 * SECOND);
  });

  it('shares what there is between consumers, in the queue and of a window, and not by who came first', async () => {
    const price = { inputMicros: 0, cachedInputMicros: 0, outputMicros: 1_000_000 };
    const sketch = {
      pools: [{ maxWaitMs: 20 * SECOND, tiers: [{ targets: [{ price }] }] }],
      consumers: [{ id: 'flood' }, { id: 'web' }],
    };
    // Only what `web` is answered costs anything: one micro a call.
    const flood = (count: number, everyMs: number) =>
      Array.from({ length: count }, (_, at) =>
        record(at * everyMs, { consumer: 'flood', usage: usage(1, 0) }),
      );
    const web = (count: number, fromMs: number, everyMs: number) =>
      Array.from({ length: count }, (_, at) =>
        record(fromMs + at * everyMs, { consumer: 'web', usage: usage(1, 1) }),
      );
    const mixed = (...of: RequestRecord[][]) =>
      of.flat().toSorted((one, other) => one.startedAt - other.startedAt);
    const keys = [key('a', [perMinute(60, 'requests_minute')])];
    const queued = await replay(
      { ...sketch, providers: [{ keys }] },
      mixed(flood(300, 100), web(10, 5000, 2000)),
    );
    expect(queued.virtual.costMicros).toBe(10);
    expect(queued.virtual.answered).toBeGreaterThan(80);
    const window: LimitFacts = {
      provider: 'openai',
      path: 'openai/org-a',
      group: 'gpt-5',
      dimension: 'requests_minute',
      limit: 100,
      remaining: 100,
      resetInMs: 60 * SECOND,
      refill: 'window',
      source: 'header',
    };
    const shared = await replay(sketch, mixed(flood(200, 100), web(30, 2000, 1000)), [window]);
    expect(shared.virtual.costMicros).toBeGreaterThanOrEqual(28);
  });

  it('goes by limits that the run of the log was told, where none is declared', async () => {
    const known: LimitFacts = {
      provider: 'openai',
      path: 'openai/org-a',
      group: 'gpt-5',
      dimension: 'requests_minute',
      limit: 10,
      remaining: 3,
      resetInMs: null,
      refill: 'window',
      source: 'header',
    };
    const { virtual, limits } = await replay({}, minute(60), [known]);
    expect(virtual.answered).toBe(10);
    expect(limits).toMatchObject({ declared: 0, known: 1, unlimited: [] });
  });

  it('knows what models and consumers of the other configuration may do', async () => {
    const sketch = {
      models: [{ alias: 'other' }],
      consumers: [{ id: 'web', requestsPerMinute: 2 }],
    };
    const records = [record(0), ...[1, 2, 3].map((at) => record(at, { model: 'other' }))];
    const { virtual } = await replay(sketch, records);
    expect(virtual).toMatchObject({ notConfigured: 1, answered: 2, consumerLimit: 1 });
  });

  it('costs what is known, and says what is not', async () => {
    const price = { inputMicros: 2_000_000, cachedInputMicros: 0, outputMicros: 10_000_000 };
    const pools = [{ tiers: [{ targets: [{ price }] }] }];
    const records = [record(0), record(1, { provider: 'elsewhere' })];
    const { happened, virtual } = await replay({ pools }, records);
    // 100 input at $2 and 50 output at $10 a million: 700 micros.
    expect(virtual).toMatchObject({ costMicros: 1400, priced: 2 });
    expect(happened).toMatchObject({ costMicros: 700, priced: 1, answered: 2 });
    const without = await replay({}, records);
    expect(replayJson(without, { from: 0, to: 1 }, 'x')).toMatchObject({
      replay: { cost_micros: null },
    });
  });

  it('guesses what was refused by what is usual, and leaves the caller’s own faults out', async () => {
    const refused = { status: 429, errorCode: 'pool_exhausted', usage: null, attempts: 0 };
    const keys = [key('a', [perMinute(700, 'tokens_minute')])];
    const records = [
      record(0, { usage: usage(10, 500) }),
      record(1100, refused),
      record(1102, { ...refused, status: 400, errorCode: 'invalid_request' }),
      record(1103, { model: null }),
    ];
    const result = await replay({ providers: [{ keys, charge: UPFRONT }] }, records);
    expect(result).toMatchObject({ replayed: 2, leftOut: 2, guessed: 1 });
    expect(result.happened).toMatchObject({ answered: 1, dry: 1 });
    // 510 of 700 are gone; 400 bytes are about 100 tokens, and 500 of output are usual.
    expect(result.virtual).toMatchObject({ answered: 1, dry: 1 });
  });

  it('finds the wasted attempts of the log in its timelines', async () => {
    const attempt = (at: number): TimelineEvent => ({
      at,
      kind: 'attempt',
      attempt: 1,
      tier: 0,
      provider: 'openai',
      model: 'gpt-5',
      key: 'a',
      domain: 'openai/org-a',
      why: 'first',
    });
    const refusal = (at: number): TimelineEvent => ({
      at,
      kind: 'verdict',
      attempt: 1,
      class: 'window_exhausted_short',
      scope: 'node_group',
      status: 429,
      evidence: '',
      endsInMs: 10 * SECOND,
      authoritative: true,
      usage: null,
      costMicros: 0,
      costEstimated: false,
    });
    const dry = { status: 429, errorCode: 'pool_exhausted', usage: null };
    const tried = (atMs: number) => record(atMs, { ...dry, timeline: [attempt(1), refusal(100)] });
    // Sent at 1; at 50, before the first refusal came back; at 5,000, after it; at 10,101, after its end.
    const { happened } = await replay({}, [tried(0), tried(49), tried(4999), tried(10_150)]);
    expect(happened).toMatchObject({ refusedAttempts: 4, wastedAttempts: 2 });
    const { happened: blind } = await replay({}, [record(0, { ...dry, attempts: 2 })]);
    expect(blind).toMatchObject({ attempts: 2, refusedAttempts: null, wastedAttempts: null });
  });

  it('is the same for the same seed', async () => {
    const limits = [perMinute(20, 'requests_minute')];
    const sketch = { providers: [{ keys: [key('a', limits), key('b', limits)] }] };
    const [first, second] = [await replay(sketch, minute(100)), await replay(sketch, minute(100))];
    expect(first.virtual).toEqual(second.virtual);
  });
});

describe('what a replay prints', () => {
  it('shows both sides beside each other and what they stand on', async () => {
    const result = await replay({}, [record(0), record(1, { model: 'gone' })]);
    const text = renderReplay(result, { from: START, to: START + 60_000 }, 'other.yaml');
    expect(text).toContain('2026-11-25T10:00:00Z to 2026-11-25T10:01:00Z against other.yaml');
    expect(text).toMatch(/answered +2 \(100\.0 %\) +1 \(50\.0 %\)\n/);
    expect(text).toMatch(/refused: model not configured +0 +1\n/);
    expect(text).toMatch(/cost +unknown +unknown\n/);
    expect(text).toContain('Unlimited, since nothing is known of them: openai/org-a#gpt-5.');
  });
});

describe('the time of a replay', () => {
  it.each([
    ['2026-11-25T10:00', [START, 7e12]],
    ['2026-11-25T10:00Z/2026-11-25T13:30+02:00', [START, START + 90 * 60_000]],
    ['2026-11-25/2026-11-26', [START - 10 * 3_600_000, START + 14 * 3_600_000]],
    ['2026-11-25T10:00/2026-11-25T09:00', null],
    ['yesterday', null],
    ['2026-11-25/2026-11-26/2026-11-27', null],
  ])('%s', (text, expected) => {
    const period = parsePeriod(text, 7e12);
    expect(period === null ? null : [period.from, period.to]).toEqual(expected);
  });
});
