import type { FailureRecord } from '@keywell/core/keys/failure-record';
import { prefixPattern } from '@keywell/core/keys/failure-pattern';
import type { Outcome } from '@keywell/core/keys/outcome';
import { describe, expect, it } from 'vitest';
import { openai } from '../openai/manifest.ts';
import { withDeclared } from './declared-failures.ts';

const ROW: FailureRecord = {
  name: 'own-budget',
  status: [],
  code: [],
  type: [],
  message: null,
  class: 'funds_exhausted',
  scope: 'node',
  level: null,
  dimension: null,
  ends: 'none',
};

function outcome(status: number, error: object): Outcome {
  const body = JSON.stringify({ error });
  return { status, failure: null, header: () => undefined, body, wallNow: Date.UTC(2026, 10, 23) };
}

describe('declared failures', () => {
  it("come before the vendor's own rows, in their order", () => {
    const { classify } = withDeclared(openai, [
      { ...ROW, name: 'first', code: ['rate_limit_exceeded'], level: 'organization' },
      { ...ROW, name: 'second', status: [[429, 429]], class: 'slow_down' },
    ]);
    const limited = outcome(429, { code: 'RATE_LIMIT_EXCEEDED', type: 'tokens', message: 'x' });
    expect(openai.classify(limited).class).toBe('window_exhausted_short');
    expect(classify(limited)).toMatchObject({
      class: 'funds_exhausted',
      level: 'organization',
      evidence: 'status=429 body.code=rate_limit_exceeded',
    });
    expect(classify(outcome(429, { code: 'x', message: 'y' })).class).toBe('slow_down');
  });

  it('read the beginning of a message without regard to case, and name themselves in the evidence', () => {
    const message = prefixPattern('Monthly budget (team) used up');
    const { classify } = withDeclared(openai, [
      { ...ROW, message, status: [[403, 403]], ends: 'utc_month' },
    ]);
    const refused = outcome(403, { message: 'monthly BUDGET (team) used up. Ask your admin.' });
    expect(classify(refused)).toMatchObject({
      class: 'funds_exhausted',
      evidence: 'status=403 body.message~own-budget ends=utc_month',
      endsInMs: Date.UTC(2026, 11, 1) - Date.UTC(2026, 10, 23),
      authoritative: true,
    });
    expect(classify(outcome(403, { message: 'No: monthly budget (team) used up' })).class).toBe(
      'unknown',
    );
  });

  it("take numbers from named groups and leave everything else to the vendor's table", () => {
    const { classify } = withDeclared(openai, [
      {
        ...ROW,
        message: '^Limit (?<limit>[\\d,]{1,12}) reached',
        class: 'window_exhausted_short',
        scope: 'node_group',
        dimension: 'tokens_hour',
        ends: 'wait',
      },
    ]);
    const refused = outcome(429, { message: 'Limit 12,000 reached, try again in 90s' });
    expect(classify(refused)).toMatchObject({
      class: 'window_exhausted_short',
      dimension: 'tokens_hour',
      limit: 12_000,
      endsInMs: 90_000,
    });
    expect(classify(outcome(401, { code: 'invalid_api_key' })).class).toBe('credential_dead');
  });

  it('cost nothing where there are none: the vendor is the vendor', () => {
    expect(withDeclared(openai, [])).toBe(openai);
  });
});
