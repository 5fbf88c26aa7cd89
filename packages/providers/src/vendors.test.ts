import type { Outcome } from '@keywell/core/keys/outcome';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vendor } from './compatible/vendor.ts';
import { vendorKinds, vendorOf } from './registry.ts';

function vendor(kind: string): Vendor {
  const found = vendorOf(kind);
  if (found === null) throw new Error(`There is no vendor ${kind}.`);
  return found;
}

describe('limit groups', () => {
  it.each([
    ['claude-opus-4-1-20250805', 'claude-opus-4'],
    ['claude-opus-4-20250514', 'claude-opus-4'],
    ['claude-sonnet-4-5', 'claude-sonnet-4'],
    ['claude-sonnet-5', 'claude-sonnet-5'],
    ['claude-haiku-4-5-20251001', 'claude-haiku-4'],
    ['claude-3-5-sonnet-20241022', 'claude-3-5-sonnet'],
    ['claude-3-5-sonnet-latest', 'claude-3-5-sonnet'],
    ['claude-instant-1.2', 'claude-instant-1.2'],
    ['something-else', 'something-else'],
  ])('of Anthropic put %s into %s', (model, group) => {
    expect(vendor('anthropic').limitGroup(model)).toBe(group);
  });

  it('of everybody else are the model, and any name has one', () => {
    fc.assert(
      fc.property(fc.constantFrom(...vendorKinds()), fc.string(), (kind, model) => {
        const group = vendor(kind).limitGroup(model);
        expect(kind === 'anthropic' || group === model).toBe(true);
        expect(model.startsWith(group)).toBe(true);
      }),
    );
  });
});

describe('charging rules', () => {
  it('hold output back where the vendor counts it on arrival, and never where it does not count', () => {
    const output = (kind: string) => vendor(kind).charge.output;
    expect(['openai', 'azure-openai', 'bedrock', 'cerebras', 'groq'].map(output)).toEqual(
      Array.from({ length: 5 }, () => 'upfront'),
    );
    expect(['gemini', 'vertex'].map(output)).toEqual(['never', 'never']);
    expect(output('anthropic')).toBe('as_produced');
    expect(vendor('anthropic').charge.cachedInput).toBe('excluded');
    expect(vendor('cerebras').charge.unsetAllowance).toBe('context_length');
    expect(vendor('bedrock').charge.outputFactor).toBe(5);
  });
});

describe('account headers', () => {
  const reader =
    (fields: Record<string, string>): Outcome['header'] =>
    (name) =>
      fields[name];

  it('name organization and project, or organization and workspace', () => {
    const openai = { 'openai-organization': 'org-abc', 'openai-project': ' proj_1 ' };
    expect(vendor('openai').accountOf(reader(openai))).toEqual({
      organization: 'org-abc',
      project: 'proj_1',
    });
    const anthropic = { 'anthropic-organization-id': '00000000-0000' };
    expect(vendor('anthropic').accountOf(reader(anthropic))).toEqual({
      organization: '00000000-0000',
    });
  });

  it('that hold no id name nothing, and an inner node needs an outer one', () => {
    for (const odd of ['', ' ', 'two words', 'a'.repeat(200), 'org/../x', '-x', 'org\u0000'])
      expect(vendor('openai').accountOf(reader({ 'openai-organization': odd }))).toBeNull();
    expect(vendor('openai').accountOf(reader({ 'openai-project': 'proj_1' }))).toBeNull();
    for (const kind of vendorKinds()) expect(vendor(kind).accountOf(() => undefined)).toBeNull();
  });
});

describe('free checks', () => {
  it.each([
    ['deepseek', 200, '{"is_available":true,"balance_infos":[]}', 'funded'],
    ['deepseek', 200, '{"is_available":false}', 'empty'],
    ['deepseek', 200, '{"is_available":"yes"}', 'unknown'],
    ['deepseek', 401, '{"is_available":true}', 'unknown'],
    ['openrouter', 200, '{"data":{"limit_remaining":4.89}}', 'funded'],
    ['openrouter', 200, '{"data":{"limit_remaining":0}}', 'empty'],
    ['openrouter', 200, '{"data":{"limit_remaining":-2}}', 'empty'],
    ['openrouter', 200, '{"data":{"limit_remaining":null}}', 'unknown'],
    ['openrouter', 500, '<html>', 'unknown'],
  ])('of %s read %s %s as %s', (kind, status, body, answer) => {
    expect(vendor(kind).balanceCheck?.read(status, body)).toBe(answer);
  });

  it('never throw, whatever comes back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('deepseek', 'openrouter'),
        fc.integer({ min: 100, max: 599 }),
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `{"data":${json}}`),
        ),
        (kind, status, body) => {
          const answer = vendor(kind).balanceCheck?.read(status, body);
          expect(['funded', 'empty', 'unknown']).toContain(answer);
        },
      ),
    );
  });

  it('of a credential go by the status, and only a 401 is a refusal', () => {
    for (const kind of vendorKinds()) {
      const check = vendor(kind).credentialCheck;
      if (check === null) continue;
      expect(check.path).toMatch(/^\//);
      expect([200, 401, 403, 404, 429, 500].map(check.read)).toEqual([
        'accepted',
        'refused',
        'unknown',
        'unknown',
        'unknown',
        'unknown',
      ]);
    }
  });
});
