import type { TimelineEvent } from '@keywell/core/log/request-record';
import { SUCCESS, type VerdictClass } from '@keywell/core/keys/verdict';
import { describe, expect, it } from 'vitest';
import { idempotencyKeyIn } from './claim-call.ts';
import { CALLER_LEFT, mayBeExecuted } from './executed.ts';

describe('the Idempotency-Key of a request', () => {
  it.each([
    [[], null],
    [['Other', 'x'], null],
    [['idempotency-key', 'abc-1'], 'abc-1'],
    [
      ['Idempotency-Key', '"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
      '8e03978e-40d5-43dd-bc93-6894a57f9324',
    ],
    [['idempotency-key', '"with space"'], 'with space'],
    [['idempotency-key', ''], undefined],
    [['idempotency-key', 'a b'], undefined],
    [['idempotency-key', '"open'], undefined],
    [['idempotency-key', 'ü'], undefined],
    [['idempotency-key', 'x'.repeat(256)], undefined],
    [['idempotency-key', 'a', 'IDEMPOTENCY-KEY', 'a'], undefined],
  ])('in %j is %j', (headers, key) => {
    expect(idempotencyKeyIn(headers)).toBe(key);
  });
});

describe('whether a failed call may have been carried out', () => {
  const verdict = (of: VerdictClass, status: number, evidence = ''): TimelineEvent => ({
    at: 0,
    kind: 'verdict',
    attempt: 1,
    class: of,
    scope: 'none',
    status,
    evidence,
    endsInMs: null,
    authoritative: SUCCESS.authoritative,
    usage: null,
    costMicros: 0,
    costEstimated: false,
  });

  it.each([
    ['funds_exhausted', 429, false],
    ['window_exhausted_short', 429, false],
    ['window_exhausted_short', 200, false],
    ['credential_dead', 401, false],
    ['provider_overloaded', 503, false],
    ['caller_fault', 400, false],
    ['transient', 0, false],
    ['transient', 500, false],
    ['transient', 502, true],
    ['transient', 504, true],
    ['transient', 200, true],
    ['unknown', 418, false],
    ['unknown', 599, true],
    ['unknown', 200, true],
    ['ambiguous_accept', 0, true],
    ['success', 200, true],
  ] as const)('after %s with %i: %s', (of, status, may) => {
    expect(mayBeExecuted([verdict('slow_down', 429), verdict(of, status)])).toBe(may);
  });

  it('is open when the caller left, and no when nothing was tried', () => {
    expect(mayBeExecuted([verdict('caller_fault', 0, CALLER_LEFT)])).toBe(true);
    expect(mayBeExecuted([])).toBe(false);
  });
});
