import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskProviderText } from './mask-provider-text.ts';

describe('maskProviderText', () => {
  it.each([
    [
      'Incorrect API key provided: sk-EXAMP****************MPLE. You can find your API key at https://platform.openai.com/account/api-keys.',
      'Incorrect API key provided: [masked] You can find your API key at https://platform.openai.com/account/api-keys.',
    ],
    ['Incorrect API key provided: custom***alue.', 'Incorrect API key provided: [masked]'],
    [
      'Rate limit reached for gpt-4o in organization org-AbCdEf123456 on tokens per min',
      'Rate limit reached for gpt-4o in organization [masked] on tokens per min',
    ],
    [
      'Project `proj_AbCdEf123456` does not have access to model `gpt-4o`',
      'Project `[masked]` does not have access to model `gpt-4o`',
    ],
    ['Contact jane.doe+x@example.co.uk please', 'Contact [masked] please'],
    ['sent Authorization: Bearer abcdef', 'sent Authorization: Bearer [masked]'],
    ['team 123e4567-e89b-12d3-a456-426614174000 is out', 'team [masked] is out'],
    ['The model `gpt-9` does not exist.', 'The model `gpt-9` does not exist.'],
    ['Invalid type for `messages[0].role`.', 'Invalid type for `messages[0].role`.'],
    [
      'user-defined team_member org_hierarchy kw_args',
      'user-defined team_member org_hierarchy kw_args',
    ],
    ['in org-AbCdEfGhIjKlMnOpQrStUvWx now', 'in [masked] now'],
    [`use kw_0000000000_${'a'.repeat(49)} here`, 'use [masked] here'],
    ['in workspace wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ now', 'in workspace [masked] now'],
    ['key apikey_01Rj2N8SVvo6BePZj99NhmiT is off', 'key [masked] is off'],
    [
      'User: arn:aws:iam::123456789012:user/ci is not authorized',
      'User: [masked] is not authorized',
    ],
    [`AKIA${'X'.repeat(16)} is not valid`, '[masked] is not valid'],
    ['consumer project_number:845763498573 is blocked', 'consumer [masked] is blocked'],
    ['in project 845763498573 before', 'in [masked] before'],
    [
      'Permission denied on projects/acme-prod-1/locations/us',
      'Permission denied on [masked]/locations/us',
    ],
    ['resource acme-east.openai.azure.com is gone', 'resource [masked] is gone'],
    ['accounts/acme-corp/deployments/7 is gone', '[masked]/deployments/7 is gone'],
    ['accounts/fireworks/models/llama-v3 is gone', 'accounts/fireworks/models/llama-v3 is gone'],
    ['limits for org_01j9zkq2m4 in tier', 'limits for [masked] in tier'],
    ['key sk-or-v1-0123456789abcdef0123 is off', 'key [masked] is off'],
    ['the project has 2 projects and 12 accounts', 'the project has 2 projects and 12 accounts'],
    ['', ''],
  ])('turns %j into %j', (text, masked) => {
    expect(maskProviderText(text, [])).toBe(masked);
  });

  it('masks the given secrets, plain and percent-encoded, longest first', () => {
    const secrets = ['hunter2+word', 'hunter2+word/longer'];
    expect(maskProviderText('a hunter2+word/longer b hunter2%2Bword c', secrets)).toBe(
      'a [masked] b [masked] c',
    );
  });

  it('leaves words alone that are as short as a secret nobody should have', () => {
    expect(maskProviderText('the cat', ['', 'cat'])).toBe('the cat');
  });

  it('lets no given secret through, wherever it stands', () => {
    const secret = fc
      .string({ minLength: 6, maxLength: 40 })
      .filter((text) => !'[masked]'.includes(text));
    fc.assert(
      fc.property(fc.string(), secret, fc.string(), (before, value, after) => {
        expect(
          maskProviderText(before + value + after, [value]).replaceAll('[masked]', '\0'),
        ).not.toContain(value);
      }),
    );
  });

  it('is linear on hostile text', () => {
    const startedAt = performance.now();
    for (const text of ['a', 'sk-', 'org_', 'a@', 'a.', '-', 'eyJ', 'api key: ', '0-']) {
      maskProviderText(text.repeat(65_536 / text.length), ['x'.repeat(40)]);
    }
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
