import { asFields, fieldsOf } from '../compatible/json-fields.ts';
import type { BalanceCheck } from '../compatible/vendor.ts';

/**
 * `{"data":{"limit_remaining":4.9,…}}`: what the key's own limit leaves. Null is a key without a limit, of which this says nothing;
 * the account's balance is not told here. https://openrouter.ai/docs/api_reference/limits
 */
export const OPENROUTER_BALANCE: BalanceCheck = Object.freeze({
  path: '/api/v1/key',
  read: (status: number, body: string) => {
    const data = status === 200 ? asFields(fieldsOf(body)?.['data']) : null;
    const left = data?.['limit_remaining'];
    if (typeof left !== 'number') return 'unknown';
    return left > 0 ? 'funded' : 'empty';
  },
});
