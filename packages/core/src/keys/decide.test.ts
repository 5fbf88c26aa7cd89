import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backoffMs,
  countStep,
  decide,
  freshHistory,
  MAX_ATTEMPTS,
  MAX_OTHER_RETRIES,
  type DispatchHistory,
} from './decide.ts';
import { SUCCESS, VERDICT_CLASSES, type Verdict, type VerdictClass } from './verdict.ts';

const CLASSES = VERDICT_CLASSES.filter((name) => name !== 'success');

const verdict = (of: VerdictClass, more: Partial<Verdict> = {}): Verdict => ({
  ...SUCCESS,
  class: of,
  ...more,
});
const history = (more: Partial<DispatchHistory> = {}): DispatchHistory => ({
  ...freshHistory(),
  attempts: 1,
  ...more,
});
const route = { retryAmbiguous: 'once', status: 429 } as const;

describe('what follows from a verdict', () => {
  it.each([
    ['funds_exhausted', 'domain'],
    ['window_exhausted_long', 'domain'],
    ['window_exhausted_short', 'domain'],
    ['too_large_for_limit', 'domain'],
    ['concurrency', 'domain'],
    ['slow_down', 'domain'],
    ['credential_dead', 'key'],
    ['credential_expired', 'key'],
    ['clock_fault', 'key'],
    ['model_forbidden', 'key'],
    ['region_blocked', 'endpoint_softly'],
  ] as const)('%s rotates at once and bars the %s, whatever was retried before', (name, bar) => {
    const step = decide(verdict(name), history({ otherRetries: 2 }), route, 0.5);
    expect(step).toEqual({ kind: 'again', bar, counts: 'none', budgeted: false, delayMs: 0 });
  });

  it('a key whose fault has been put right is asked again once, and then another', () => {
    const corrected = verdict('clock_fault', { corrected: true });
    const state = history({ otherRetries: 2 });
    const step = decide(corrected, state, route, 0.5);
    expect(step).toMatchObject({ kind: 'again', bar: 'nothing', budgeted: false, delayMs: 0 });
    if (step.kind === 'again') countStep(state, step);
    expect(state.otherRetries, 'it is no retry of the others').toBe(2);
    expect(decide(corrected, state, route, 0.5)).toMatchObject({ kind: 'again', bar: 'key' });
  });

  it('a fault of the caller is never tried on another key', () => {
    expect(decide(verdict('caller_fault'), history(), route, 0.5)).toEqual({
      kind: 'pass_through',
    });
  });

  it('an overloaded provider is asked again twice, each time out of the retry budget', () => {
    const first = decide(verdict('provider_overloaded'), history(), route, 0.5);
    expect(first).toMatchObject({ kind: 'again', budgeted: true, delayMs: 100 });
    const second = decide(verdict('provider_overloaded'), history({ otherRetries: 1 }), route, 0.5);
    expect(second).toMatchObject({ kind: 'again', budgeted: true, delayMs: 200 });
    const third = decide(verdict('provider_overloaded'), history({ otherRetries: 2 }), route, 0.5);
    expect(third).toEqual({ kind: 'answer', code: 'pool_unavailable', retryable: true });
  });

  it('a transient failure is retried once', () => {
    expect(decide(verdict('transient'), history(), route, 0).kind).toBe('again');
    const again = history({ otherRetries: 1, transientRetries: 1 });
    expect(decide(verdict('transient'), again, { ...route, status: 500 }, 0)).toEqual({
      kind: 'answer',
      code: 'upstream_error',
      retryable: false,
    });
  });

  it('a call that may have been accepted is made once more only where the route allows it', () => {
    const ambiguous = verdict('ambiguous_accept');
    expect(decide(ambiguous, history(), route, 0).kind).toBe('again');
    expect(decide(ambiguous, history(), { ...route, retryAmbiguous: 'never' }, 0)).toEqual({
      kind: 'answer',
      code: 'upstream_timeout',
      retryable: false,
    });
    const twice = history({ otherRetries: 1, ambiguousRetries: 1 });
    expect(decide(ambiguous, twice, route, 0).kind).toBe('answer');
  });

  it('an answer nobody understands is worth one rotation when it is the provider that erred', () => {
    const unknown = verdict('unknown');
    expect(decide(unknown, history(), { ...route, status: 503 }, 0).kind).toBe('again');
    expect(decide(unknown, history(), { ...route, status: 200 }, 0).kind).toBe('again');
    expect(decide(unknown, history(), { ...route, status: 418 }, 0).kind).toBe('pass_through');
    const once = history({ otherRetries: 1, unknownRetries: 1 });
    expect(decide(unknown, once, { ...route, status: 200 }, 0)).toMatchObject({
      code: 'upstream_invalid',
    });
  });

  it('a refusal without a reason is as little the caller’s: one rotation, then an honest failure', () => {
    const silent = verdict('unknown', { unexplained: true });
    const refused = { ...route, status: 403 };
    expect(decide(silent, history(), refused, 0)).toMatchObject({
      kind: 'again',
      bar: 'endpoint_softly',
    });
    const once = history({ otherRetries: 1, unknownRetries: 1 });
    expect(decide(silent, once, refused, 0)).toEqual({
      kind: 'answer',
      code: 'upstream_error',
      retryable: false,
    });
  });

  it('ends after the last attempt, whatever the verdict', () => {
    for (const name of CLASSES) {
      const step = decide(verdict(name), history({ attempts: MAX_ATTEMPTS }), route, 0.5);
      expect(step.kind).not.toBe('again');
    }
  });

  it('spends at most two retries on everything that is not a typed refusal', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...CLASSES), { maxLength: 60 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (classes, random) => {
          const state = freshHistory();
          let budgeted = 0;
          for (const name of classes) {
            state.attempts += 1;
            const step = decide(verdict(name), state, { ...route, status: 500 }, random);
            if (step.kind !== 'again') return;
            if (step.budgeted) budgeted += 1;
            if (step.counts !== 'none') state.otherRetries += 1;
            if (step.counts === 'transient') state.transientRetries += 1;
            if (step.counts === 'ambiguous') state.ambiguousRetries += 1;
            if (step.counts === 'unknown') state.unknownRetries += 1;
          }
          expect(budgeted).toBeLessThanOrEqual(MAX_OTHER_RETRIES);
        },
      ),
    );
  });

  it('backs off between nothing and its ceiling, never below what the provider asked for', () => {
    expect(backoffMs(0, 0, 0)).toBe(0);
    expect(backoffMs(0, 0.999, 0)).toBe(200);
    expect(backoffMs(1, 0.999, 0)).toBe(400);
    expect(backoffMs(20, 0.999, 0)).toBeLessThanOrEqual(5000);
    expect(backoffMs(0, 0, 1500)).toBe(1500);
  });
});
