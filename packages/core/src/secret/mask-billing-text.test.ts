import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskBillingText } from './mask-billing-text.ts';

describe('maskBillingText', () => {
  it.each([
    [
      'You exceeded your current quota, please check your plan and billing details. For more information, see the docs.',
      '[masked] For more information, see the docs.',
    ],
    [
      'Invalid model. Your credit balance is too low to access the API. Please go to Plans & Billing.',
      'Invalid model. [masked] [masked]',
    ],
    ['Insufficient Balance', '[masked]'],
    ['code insufficient_funds', '[masked]'],
    ['You can purchase more credits at https://x.test/credits!', '[masked]'],
    ['This endpoint requires more credits', 'This endpoint requires more credits'],
    [
      'Invalid type for `messages[0].role`: use 1.5 or 2.',
      'Invalid type for `messages[0].role`: use 1.5 or 2.',
    ],
    ['', ''],
  ])('turns %j into %j', (text, masked) => {
    expect(maskBillingText(text)).toBe(masked);
  });

  it('keeps JSON whole, whatever stands around the phrase', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const text = JSON.stringify({ error: { message: `${before} billing ${after}`, code: 1 } });
        const masked: unknown = JSON.parse(maskBillingText(text));
        expect(masked).toMatchObject({ error: { code: 1 } });
        expect(JSON.stringify(masked)).not.toContain('billing');
      }),
    );
  });

  it('is linear on hostile text', () => {
    const startedAt = performance.now();
    for (const text of ['billing ', 'a', 'insufficient ', '. ', 'billing.', 'add more ']) {
      maskBillingText(text.repeat(65_536 / text.length));
    }
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
