import type { Failure, Outcome } from '@keywell/core/keys/outcome';
import type { Verdict } from '@keywell/core/keys/verdict';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vendorKinds, vendorOf } from '../registry.ts';

const WALL_NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const KINDS = vendorKinds();

function outcome(over: Partial<Outcome>): Outcome {
  return {
    status: 200,
    failure: null,
    header: () => undefined,
    body: '',
    wallNow: WALL_NOW,
    ...over,
  };
}

function classify(kind: string, over: Partial<Outcome>): Verdict {
  const vendor = vendorOf(kind);
  if (vendor === null) throw new Error(`There is no vendor ${kind}.`);
  return vendor.classify(outcome(over));
}

const FAILURES: readonly Failure[] = [
  'connect',
  'reset_reused',
  'reset_sending',
  'reset_after_sent',
  'first_byte_timeout',
  'truncated',
  'redirect',
  'invalid',
];

describe.each(KINDS)('an attempt without a usable answer (%s)', (kind) => {
  it.each<[Failure, string, string]>([
    ['connect', 'transient', 'endpoint'],
    ['reset_reused', 'transient', 'endpoint'],
    ['reset_sending', 'transient', 'endpoint'],
    ['reset_after_sent', 'ambiguous_accept', 'endpoint'],
    ['first_byte_timeout', 'ambiguous_accept', 'endpoint'],
    ['truncated', 'transient', 'endpoint'],
    ['redirect', 'unknown', 'none'],
    ['invalid', 'unknown', 'none'],
  ])('%s is %s', (failure, cls, scope) => {
    const verdict = classify(kind, { status: 0, failure });
    expect(verdict).toMatchObject({ class: cls, scope, authoritative: false });
    expect(verdict.evidence).toBe(`failure=${failure}`);
  });

  it('counts at once only where nothing of the request was sent', () => {
    const counting = FAILURES.filter((failure) => classify(kind, { status: 0, failure }).counts);
    expect(counting).toEqual(['connect']);
  });

  it.each([
    [403, '<html>blocked</html>'],
    [403, ''],
    [403, 'Forbidden'],
    [407, '<html>sign in</html>'],
  ])('says nothing of anybody when it is refused with %i and %j', (status, body) => {
    expect(classify(kind, { status, body })).toMatchObject({
      class: 'unknown',
      scope: 'none',
      unexplained: true,
    });
  });

  it('leaves a page under a 401 to be looked at again, and never is it the caller’s', () => {
    const verdict = classify(kind, { status: 401, body: '<html>sign in</html>' });
    expect(['unknown', 'credential_dead']).toContain(verdict.class);
    expect(verdict.probe).toBeUndefined();
  });

  it('is explained where a refusal that nobody knows has words for it', () => {
    const body = '{"error":{"message":"This is against our policy."}}';
    const verdict = classify(kind, { status: 451, body });
    expect(verdict.class).toBe('unknown');
    expect(verdict.unexplained).toBeUndefined();
  });

  it('is judged by its error status where that arrived', () => {
    const body = '{"error":{"code":"insufficient_quota","mess';
    expect(classify(kind, { status: 401, failure: 'truncated', body }).class).toBe(
      'credential_dead',
    );
    expect(classify(kind, { status: 402, failure: 'invalid', body: '<html>' }).class).toBe(
      'funds_exhausted',
    );
    expect(classify(kind, { status: 307, failure: 'redirect' }).class).toBe('unknown');
    expect(classify(kind, { status: 200, failure: 'truncated' }).class).toBe('transient');
  });
});

describe.each(KINDS)('the classifier of %s', (kind) => {
  it('takes a 2xx without an error for a success, with any body or none', () => {
    for (const body of [
      '',
      '{}',
      '{"choices":[]}',
      '{"error":null,"choices":[]}',
      '[]',
      '1',
      'null',
    ]) {
      expect(classify(kind, { body }).class).toBe('success');
    }
  });

  it('never lets the words of a prompt in a 400 mark a key', () => {
    const phrases = [
      'insufficient balance',
      'insufficient_quota',
      'rate limit',
      'Rate limit reached for gpt-4o in organization o on requests per day (RPD): Limit 1, Used 1, Requested 1.',
      'Request too large for gpt-4o on tokens per min (TPM): Limit 1, Requested 2.',
      'Your team x has either used all available credits',
      'Concurrency limit reached for requests',
      'server busy, please try again',
      'try again in 9999h',
      'regain access on 2099-01-01 at 00:00 UTC',
    ];
    const shapes = [
      (message: string) => ({ error: { message, type: 'invalid_request_error', code: null } }),
      (message: string) => ({ error: message }),
      (message: string) => ({ message, type: 'BadRequestError', code: 400 }),
      (message: string) => ({ detail: message }),
      (message: string) => ({ detail: [{ msg: message, type: 'value_error' }] }),
    ];
    const text = fc.oneof(fc.string(), fc.constant(''));
    fc.assert(
      fc.property(
        fc.constantFrom(400, 413, 422),
        fc.constantFrom(...phrases),
        fc.constantFrom(...shapes),
        fc.tuple(text, text),
        (status, phrase, shape, [before, after]) => {
          const body = JSON.stringify(shape(`Invalid value: '${before}${phrase}${after}'.`));
          const verdict = classify(kind, { status, body });
          expect(verdict).toMatchObject({ class: 'caller_fault', scope: 'none' });
          expect(verdict.endsInMs).toBeUndefined();
        },
      ),
    );
  });

  it('has a verdict for everything, with a finite end and evidence of its own words', () => {
    const header = fc.dictionary(
      fc.constantFrom(
        'retry-after',
        'retry-after-ms',
        'date',
        'x-ratelimit-remaining-requests',
        'x-ratelimit-reset-requests',
        'x-ratelimit-limit-tokens',
        'x-ratelimit-remaining-tokens',
        'x-ratelimit-reset-tokens',
      ),
      fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom('0', '6m0s', '1e400', '-1')),
    );
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => `{"error":${json}}`),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), header, body, (status, fields, text) => {
        const verdict = classify(kind, { status, header: (name) => fields[name], body: text });
        const ends = verdict.endsInMs ?? 1;
        expect(ends > 0 && ends <= 35 * 86_400_000).toBe(true);
        expect(verdict.authoritative && verdict.endsInMs === undefined).toBe(false);
        expect(verdict.evidence).toMatch(/^[\w=.~\- ]{0,160}$/);
      }),
      { numRuns: 500 },
    );
  });

  it('survives deep nesting, prototype names and a megabyte of anything', () => {
    const bodies = [
      '['.repeat(65_536),
      '{"error":'.repeat(7000),
      `${'{"error":'.repeat(1000)}1${'}'.repeat(1000)}`,
      '{"__proto__":{"error":{"code":"insufficient_quota"}}}',
      '{"constructor":{"code":"insufficient_quota"}}',
      `{"error":{"message":"${'Rate limit reached for '.repeat(2500)}"}}`,
      `{"error":{"message":"Rate limit reached for ${'x'.repeat(60_000)}"}}`,
      `{"error":{"message":"${'try again in 1s '.repeat(4000)}"}}`,
      `{"error":{"code":"${'c'.repeat(60_000)}","type":"${'t'.repeat(1000)}"}}`,
      `{"error":{"message":"${'\\ufffd'.repeat(170_000)}"}}`,
      `{"error":{"message":"${'x'.repeat(1_000_000)}","code":"${'9'.repeat(400)}"}}`,
      `<html>${'<p>insufficient_quota</p>'.repeat(40_000)}</html>`,
      `{"error":{"details":[${'{"violations":[{"quotaId":"PerDay"}]},'.repeat(20_000)}{}]}}`,
      `{"error":{"details":[${'{"retryDelay":1},'.repeat(3000)}{}]}}`,
    ];
    const startedAt = performance.now();
    for (const body of bodies) {
      for (const status of [200, 400, 429, 500]) {
        expect(classify(kind, { status, body }).class).not.toBe('funds_exhausted');
      }
    }
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('takes the wait of a failure from its headers, never from a message that may quote anything', () => {
    const body =
      '{"error":{"message":"could not finish: try again in 9999h","type":"server_error"}}';
    for (const status of [500, 502, 503, 529]) {
      expect(classify(kind, { status, body }).endsInMs).toBeUndefined();
      expect(classify(kind, { status, body, header: () => '3' }).endsInMs).toBe(3000);
    }
  });

  it('reads the data line of a whole stream event', () => {
    const body = 'event: error\ndata: {"error":{"code":"insufficient_quota"}}\n\n';
    expect(classify(kind, { body }).class).toBe('funds_exhausted');
  });

  it('keeps to messages anchored at their beginning', () => {
    for (const rule of vendorOf(kind)?.failures ?? []) {
      expect(rule.message?.source ?? '^').toMatch(/^\^/);
      expect(rule.message?.global ?? false).toBe(false);
    }
  });

  it('asks about the status wherever a phrase decides, and never about a 400 unless the phrase is all', () => {
    for (const rule of vendorOf(kind)?.failures ?? []) {
      if (rule.message === undefined) continue;
      const whole = rule.message.source.endsWith('$');
      expect(rule.status).toBeDefined();
      expect(whole || !(rule.status ?? []).includes(400)).toBe(true);
    }
  });

  it('names its rows uniquely', () => {
    const names = (vendorOf(kind)?.failures ?? []).map((rule) => rule.name);
    expect(new Set(names).size).toBe(names.length);
  });
});
