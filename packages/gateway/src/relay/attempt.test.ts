import { describeKeys } from '@keywell/core/keys/describe';
import { describeLimits } from '@keywell/core/keys/describe-limits';
import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import { reserve } from '@keywell/core/keys/reserve';
import type { CooldownChange } from '@keywell/core/keys/status';
import type { Verdict } from '@keywell/core/keys/verdict';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import { describe, expect, it, vi } from 'vitest';
import { bareExchange, barePlane } from '../pipeline/bare-plane.contract.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { Inbound } from '../seam/inbound.ts';
import type { LiveSnapshot } from '../snapshot/live-snapshot.ts';
import type { AttemptResult } from './attempt-result.ts';
import { Attempt } from './attempt.ts';
import { targetOf } from './upstream-target.ts';

interface Answered {
  readonly result: AttemptResult;
  readonly exchange: Exchange;
  readonly live: LiveSnapshot;
  readonly cooled: readonly CooldownChange[];
}

/** One attempt at key `a`, answered with this status and body, judged by what the test makes of the vendor. */
async function attemptAnswered(
  answer: {
    readonly status: number;
    readonly body: string;
    /** Between the head and the body. */
    readonly between?: (live: LiveSnapshot) => void;
  },
  vendor: Partial<Vendor>,
  inbound: Partial<Inbound> = {},
): Promise<Answered> {
  const outbound: Plane['outbound'] = {
    send: (_request, events) => {
      events.onHead(answer.status, (name) =>
        name === 'content-type' ? 'application/json' : undefined,
      );
      answer.between?.(live);
      events.onData(new TextEncoder().encode(answer.body));
      events.onEnd();
    },
    close: () => Promise.resolve(),
  };
  const { plane, live, cooled } = barePlane(outbound);
  const exchange = bareExchange(live, inbound);
  const now = plane.clock.now();
  const [candidate] = live.plan.candidates;
  const reservation = candidate === undefined ? null : reserve(live.table, candidate, now);
  if (candidate === undefined || reservation === null) throw new Error('nothing to try');
  const target = targetOf(candidate, '1.1 test');
  const result = await new Attempt(exchange, plane, {
    candidate,
    reservation,
    target: { ...target, vendor: { ...target.vendor, ...vendor } },
    firstByteBy: now + 1000,
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

const NONE_LEFT: LimitObservation = {
  dimension: 'requests_minute',
  limit: 10,
  remaining: 0,
  resetInMs: 6000,
  reset: 'full_again',
  source: 'header',
};

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

  it('that is refused takes in what its head tells together with the verdict, or a little later if that is not there by then', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const told = (live: LiveSnapshot) => describeLimits(live.table, 0).length;
    const seen: number[] = [];
    for (const waitMs of [0, 100]) {
      const { live } = await attemptAnswered(
        {
          status: 429,
          body: '{}',
          between: (at) => {
            vi.advanceTimersByTime(waitMs);
            seen.push(told(at));
          },
        },
        { readLimits: () => [NONE_LEFT] },
      );
      seen.push(told(live));
    }
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    expect(seen).toEqual([0, 1, 1, 1]);
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
    // Both, and for needs from the refused one on.
    expect(keys.map(({ state }) => state)).toEqual(['partly_cooled', 'partly_cooled']);
  });
});
