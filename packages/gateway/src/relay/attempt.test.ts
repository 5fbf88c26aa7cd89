import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { FakeClock } from '@keywell/testkit/fake-clock';
import { describeKeys } from '@keywell/core/keys/describe';
import { initKeyTable } from '@keywell/core/keys/key-table';
import { planKeys } from '@keywell/core/keys/plan';
import { describeLimits } from '@keywell/core/keys/describe-limits';
import { reserve } from '@keywell/core/keys/reserve';
import type { CooldownChange } from '@keywell/core/keys/status';
import type { Verdict } from '@keywell/core/keys/verdict';
import { BudgetTable } from '@keywell/core/budgets/budget-table';
import { CounterTable } from '@keywell/core/limits/counter-table';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import { describe, expect, it } from 'vitest';
import { DeadlineSweeper } from '../pipeline/deadline-sweeper.ts';
import { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { Inbound } from '../seam/inbound.ts';
import { LiveKeys } from '../upstream/credentials/live-keys.ts';
import { encodeSnapshot } from '../snapshot/encode-snapshot.ts';
import { openSnapshot, type LiveSnapshot } from '../snapshot/live-snapshot.ts';
import { createMetricCells, Meter } from '../telemetry/meter.ts';
import { smallTable } from '@keywell/core/waiting/waiting-fixture.bench';
import { ShareKeeper } from '../waiting/share-keeper.ts';
import type { Waiting } from '../waiting/waiting-call.ts';
import type { AttemptResult } from './attempt-result.ts';
import { Attempt } from './attempt.ts';
import { FlowMeter } from './flow-meter.ts';
import { Hedging } from '../hedging/hedging.ts';
import { ClaimDesk } from '../idempotency/claim-desk.ts';
import { OwnerDesk } from '../ownership/owner-desk.ts';
import { Budgets } from '../budgets/budgets.ts';
import { targetOf } from './upstream-target.ts';

/** Keys `a` and `b`, projects of one organization. */
function openLive(): LiveSnapshot {
  const keys = [
    { id: 'a', domain: ['org', 'project-a'] },
    { id: 'b', domain: ['org', 'project-b'] },
  ];
  const snapshot = aSnapshot({ providers: [{ keys }] });
  const plan = planKeys(snapshot);
  const cells = new SharedArrayBuffer(plan.byteLength(2));
  initKeyTable(plan, cells);
  return openSnapshot(encodeSnapshot(snapshot), cells, { worker: 1, epoch: 1 });
}

const INBOUND: Inbound = {
  method: 'POST',
  target: '/v1/chat/completions',
  rawHeaders: [],
  announcedBytes: 0,
  hasBody: false,
  readBody: () => Promise.resolve(new Uint8Array()),
  respond: () => undefined,
  begin: () => undefined,
  write: () => true,
  finish: () => undefined,
  abort: () => undefined,
  closed: false,
  events: null,
};

const WRITER = { worker: 1, epoch: 1 };
/** An attempt itself never waits for capacity. */
const NOBODY_WAITS: Waiting = {
  shares: new ShareKeeper(smallTable(), () => []),
  room: 0,
  hasLine: () => false,
  wait: () => Promise.resolve({ kind: 'left' }),
  startOf: () => null,
  correct: () => undefined,
  freed: () => undefined,
  refusedAfter: () => undefined,
};

interface Answered {
  readonly result: AttemptResult;
  readonly exchange: Exchange;
  readonly live: LiveSnapshot;
  readonly cooled: readonly CooldownChange[];
}

/** One attempt at key `a`, answered with this status and body, judged by what the test makes of the vendor. */
async function attemptAnswered(
  answer: { readonly status: number; readonly body: string },
  vendor: Partial<Vendor>,
  inbound: Partial<Inbound> = {},
): Promise<Answered> {
  const live = openLive();
  const clock = new FakeClock();
  const cooled: CooldownChange[] = [];
  const sweeper = new DeadlineSweeper(() => clock.now());
  const outbound: Plane['outbound'] = {
    send: (_request, events) => {
      events.onHead(answer.status, (name) =>
        name === 'content-type' ? 'application/json' : undefined,
      );
      events.onData(new TextEncoder().encode(answer.body));
      events.onEnd();
    },
    close: () => Promise.resolve(),
  };
  const plane: Plane = {
    clock,
    random: () => 0,
    sweeper,
    outbound,
    credentials: new LiveKeys({ clock, random: () => 0, sweeper, outbound }),
    counters: new CounterTable(new SharedArrayBuffer(CounterTable.bytes(1)), WRITER),
    budgets: new Budgets(new SharedArrayBuffer(BudgetTable.bytes(0, 2)), WRITER, 2, () => 0),
    hedging: new Hedging(),
    claims: new ClaimDesk(() => undefined),
    owners: new OwnerDesk(() => undefined),
    meter: new Meter(createMetricCells(1), 0),
    log: null,
    flows: new FlowMeter(0),
    waiting: NOBODY_WAITS,
    live,
    cooled: (changes) => cooled.push(...changes),
    accountSeen: () => undefined,
  };
  const exchange = new Exchange({ ...INBOUND, ...inbound }, live, {
    id: 'req_1',
    now: clock.now(),
    wallNow: 0,
  });
  exchange.operation = 'chat.completions';
  exchange.conversation = 'openai-chat';
  exchange.model = live.models.get('smart') ?? null;
  const [candidate] = live.plan.candidates;
  const reservation = candidate === undefined ? null : reserve(live.table, candidate, clock.now());
  if (candidate === undefined || reservation === null) throw new Error('nothing to try');
  const target = targetOf(candidate, '1.1 test');
  const result = await new Attempt(exchange, plane, {
    candidate,
    reservation,
    target: { ...target, vendor: { ...target.vendor, ...vendor } },
    firstByteBy: clock.now() + 1000,
    face: null,
    dropped: [],
    hideUsage: false,
    number: 1,
    onContent: null,
    continuation: null,
    request: {
      origin: target.origin,
      path: '/',
      method: 'POST',
      headers: [],
      body: null,
      connectTimeoutMs: 1000,
    },
  }).run();
  plane.sweeper.stop();
  return { result, exchange, live, cooled };
}

const unasked = (): never => {
  throw new Error('nobody has to ask this');
};

describe('an attempt', () => {
  it.each<Partial<Vendor>>([{ readLimits: unasked }, { classify: unasked }])(
    'that meets a defect of our own ends with it, and does not throw at the socket',
    async (vendor) => {
      const status = vendor.classify === undefined ? 200 : 500;
      await expect(attemptAnswered({ status, body: '{}' }, vendor)).rejects.toThrow(
        'nobody has to ask this',
      );
    },
  );

  it('that meets one after it was settled cuts the caller off, and says so in the timeline', async () => {
    let aborted = 0;
    const body = '{"id":"x","object":"chat.completion","choices":[]}';
    const { result, exchange, live } = await attemptAnswered(
      { status: 200, body },
      { readLimits: () => [] },
      { respond: unasked, abort: () => (aborted += 1) },
    );
    expect(result).toEqual({ kind: 'answered', well: true });
    expect(aborted).toBe(1);
    expect(exchange.timeline.at(-1)).toMatchObject({ kind: 'note', what: 'defect' });
    expect(exchange).toMatchObject({
      errorCode: 'internal_error',
      lateDefect: { error: new Error('nobody has to ask this') },
    });
    expect(describeKeys(live.table, 0, () => '')[0]).toMatchObject({ inFlight: 0 });
  });

  it('that is answered well asks nothing about failures, and takes in what its head tells about limits', async () => {
    const { result, live } = await attemptAnswered(
      { status: 200, body: '{"id":"x","object":"chat.completion","choices":[]}' },
      {
        classify: unasked,
        readLimits: () => [
          {
            dimension: 'requests_minute',
            limit: 10,
            remaining: 4,
            resetInMs: 36_000,
            reset: 'full_again',
            source: 'header',
          },
        ],
      },
    );
    expect(result).toEqual({ kind: 'answered', well: true });
    expect(describeLimits(live.table, 0)).toMatchObject([
      { dimension: 'requests_minute', limit: 10, remaining: 4, reserved: 0, source: 'header' },
    ]);
  });

  it('hands the verdict on as it is: its level decides what is cooled, its clues go with it', async () => {
    const verdict: Verdict = {
      class: 'funds_exhausted',
      scope: 'node',
      level: 'organization',
      dimension: 'spend',
      endsInMs: 90_000,
      authoritative: true,
      limit: 7,
      refusedNeed: 9,
      evidence: 'body.code=organization_spend_limit_exceeded',
    };
    const { result, live, cooled } = await attemptAnswered(
      { status: 429, body: '{}' },
      { classify: () => verdict, readLimits: () => [] },
    );
    expect(result).toMatchObject({ kind: 'failed', status: 429 });
    expect(result.kind === 'failed' ? result.verdict : null).toBe(verdict);
    expect(cooled).toMatchObject([
      { scopeId: 'node:openai/org', authoritative: true, evidence: verdict.evidence },
    ]);
    const keys = describeKeys(live.table, 0, () => '');
    expect(keys.map(({ state }) => state)).toEqual(['cooled', 'cooled']);
  });
});
