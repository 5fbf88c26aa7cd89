import type { DomainFindingsView } from '@keywell/contract/admin/admin-schemas';
import { describe, expect, it } from 'vitest';
import { renderSuggestions } from './suggestions.ts';

const NONE: DomainFindingsView = { suggestions: [], contradictions: [], unsteady: [], pools: [] };

describe('what there is to say about the domain tree', () => {
  it('is nothing where nothing was found', () => {
    expect(renderSuggestions(NONE)).toBe('Nothing to suggest.\n');
  });

  it('is said in words, each with what to do, and quotes nothing that could steer a terminal', () => {
    const text = renderSuggestions({
      contradictions: [
        {
          kind: 'one_account_two_domains',
          provider: 'openai',
          keys: ['a', 'b'],
          domains: ['openai/x', 'openai/y'],
          organizations: ['ac\u001b[31mme'],
        },
        {
          kind: 'two_accounts_one_domain',
          provider: 'openai',
          keys: ['c', 'd'],
          domains: ['openai/z'],
          organizations: ['one', 'two'],
        },
      ],
      unsteady: [{ provider: 'openai', key: 'e' }],
      suggestions: [
        {
          provider: 'openai',
          group: 'gpt-5',
          keys: ['f', 'g'],
          domains: ['openai/~f', 'openai/~g'],
          observations: 64,
          contrast: 0.97,
          standard_error: 0.04,
        },
      ],
      pools: [
        {
          kind: 'fallback_shares',
          pool: 'chat',
          tier: 1,
          domains: ['openai/x'],
          keys: 2,
          inferred: true,
          message: 'It shares.',
          hint: 'Change it.',
        },
        {
          kind: 'one_domain',
          pool: 'said-by-the-file',
          tier: null,
          domains: ['openai/x'],
          keys: 2,
          inferred: false,
          message: 'The file says so.',
          hint: '',
        },
      ],
    });
    expect(text).not.toContain('\u001b');
    expect(text).toMatch(/openai\/a, openai\/b are pinned to different domains .* one account/);
    expect(text).toMatch(/openai\/c, openai\/d are pinned to one domain .* \(one, two\)/);
    expect(text).toMatch(/responses to openai\/e name one account, then another/);
    expect(text).toMatch(/left of openai\/f falls by what openai\/g sends.*0\.97 ± 0\.04.*64/);
    expect(text).toMatch(/Pool chat, tier 2: It shares\.\n {2}Change it\./);
    expect(text).not.toContain('said-by-the-file');
    expect(text.match(/^ {2}\S/gm)).toHaveLength(5);
  });
});
