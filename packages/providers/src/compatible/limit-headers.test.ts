import { Secret } from '@keywell/core/secret/secret';
import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import { describe, expect, it } from 'vitest';
import { vendorKinds, vendorOf } from '../registry.ts';
import type { Vendor } from './vendor.ts';

function vendor(kind: string): Vendor {
  const found = vendorOf(kind);
  if (found === null) throw new Error(`There is no vendor ${kind}.`);
  return found;
}

const reader =
  (fields: Record<string, string>): ((name: string) => string | undefined) =>
  (name) =>
    fields[name];

describe('rate-limit headers', () => {
  it('of OpenAI tell requests, tokens and the project apart', () => {
    const header = reader({
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-limit-tokens': '150000',
      'x-ratelimit-remaining-tokens': '149984',
      'x-ratelimit-reset-tokens': '6m0s',
      'x-ratelimit-limit-project-tokens': '1000',
      'x-ratelimit-remaining-project-tokens': '0',
      'x-ratelimit-reset-project-tokens': '17ms',
    });
    expect(vendor('openai').readLimits(header)).toEqual([
      {
        dimension: 'requests_minute',
        limit: 60,
        remaining: 59,
        resetInMs: 1000,
        reset: 'full_again',
        refill: 'continuous',
        source: 'header',
      },
      {
        dimension: 'tokens_minute',
        limit: 150_000,
        remaining: 149_984,
        resetInMs: 360_000,
        reset: 'full_again',
        refill: 'continuous',
        source: 'header',
      },
      {
        dimension: 'tokens_minute',
        limit: 1000,
        remaining: 0,
        resetInMs: 17,
        level: 'project',
        reset: 'full_again',
        refill: 'continuous',
        source: 'header',
      },
    ]);
  });

  it('of compatible hosts are read in seconds, as instants and by the day', () => {
    const header = reader({
      date: 'Mon, 23 Nov 2026 12:00:00 GMT',
      'x-ratelimit-limit-requests-day': '14400',
      'x-ratelimit-remaining-requests-day': '14370',
      'x-ratelimit-reset-requests-day': '33011.382867',
      'x-ratelimit-limit': '20',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Date.UTC(2026, 10, 23, 12, 1, 0)),
    });
    expect(vendor('openai-compatible').readLimits(header)).toEqual([
      {
        dimension: 'requests_day',
        limit: 14_400,
        remaining: 14_370,
        resetInMs: 33_011_382.867,
        source: 'header',
      },
      {
        dimension: 'requests_minute',
        limit: 20,
        remaining: 0,
        resetInMs: 60_000,
        source: 'header',
      },
    ]);
  });

  it.each<[string, Record<string, string>]>([
    ['nothing is told', {}],
    [
      '-1 means unknown',
      {
        'x-ratelimit-remaining-tokens': '-1',
        'x-ratelimit-limit-tokens': '-1',
        'x-ratelimit-reset-tokens': '0',
      },
    ],
    [
      'no number is told',
      { 'x-ratelimit-remaining-tokens': 'many', 'x-ratelimit-limit-tokens': '' },
    ],
    ['only the limit is told', { 'x-ratelimit-limit-tokens': '5' }],
  ])('are left out where %s', (_, fields) => {
    for (const kind of vendorKinds()) expect(vendor(kind).readLimits(reader(fields))).toEqual([]);
  });

  it('leave an instant unknown without the clock it counts from, and a past one at zero', () => {
    const fields = {
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '2026-11-23T11:00:00Z',
    };
    const read = (more: Record<string, string>): unknown =>
      vendor('openai').readLimits(reader({ ...fields, ...more }))[0]?.resetInMs;
    expect(read({})).toBeNull();
    expect(read({ date: 'Mon, 23 Nov 2026 12:00:00 GMT' })).toBe(0);
  });
});

describe('a vendor', () => {
  const key: UpstreamKeyRecord = {
    id: 'a',
    value: new Secret('sk-secret'),
    fingerprint: '00000000',
    domain: ['org-1'],
    domainPinned: true,
    domainInferred: false,
    ownerTenant: null,
    limits: [],
    weight: 1,
    models: [],
    organization: 'org-1',
    project: 'proj-1',
  };

  const others = ['anthropic', 'anthropic-compatible', 'azure-openai', 'gemini'];

  it.each(vendorKinds().filter((kind) => vendor(kind).auth.kind === 'bearer'))(
    'authenticates with a bearer (%s)',
    (kind) => {
      expect(vendor(kind).authHeaders(key)).toEqual([
        'authorization',
        'Bearer sk-secret',
        'openai-organization',
        'org-1',
        'openai-project',
        'proj-1',
      ]);
      expect(
        vendor(kind).authHeaders({ ...key, value: null, organization: null, project: null }),
      ).toEqual([]);
    },
  );

  it('of another kind has a header of its own', () => {
    expect(vendor('azure-openai').authHeaders(key)).toEqual(['api-key', 'sk-secret']);
    expect(vendor('gemini').authHeaders(key)).toEqual(['x-goog-api-key', 'sk-secret']);
    expect(vendor('anthropic').authHeaders(key)).toEqual([
      'x-api-key',
      'sk-secret',
      'anthropic-version',
      '2023-06-01',
    ]);
    for (const kind of others) {
      expect(
        vendor(kind)
          .authHeaders({ ...key, value: null })
          .join(' '),
      ).not.toContain('key');
    }
  });

  it('of an unknown kind is null, also for names that every object has', () => {
    for (const kind of ['', 'OpenAI', '__proto__', 'constructor'])
      expect(vendorOf(kind)).toBeNull();
  });
});
