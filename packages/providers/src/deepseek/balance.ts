import type { BalanceCheck } from '../compatible/vendor.ts';
import { fieldsOf } from '../compatible/json-fields.ts';

/**
 * `{"is_available":true,"balance_infos":[…]}`: whether there is enough for API calls.
 * https://api-docs.deepseek.com/api/get-user-balance
 */
export const DEEPSEEK_BALANCE: BalanceCheck = Object.freeze({
  path: '/user/balance',
  read: (status: number, body: string) => {
    const available = status === 200 ? fieldsOf(body)?.['is_available'] : undefined;
    if (typeof available !== 'boolean') return 'unknown';
    return available ? 'funded' : 'empty';
  },
});
