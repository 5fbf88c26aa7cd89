import type { BudgetRecord } from '../snapshot/snapshot.ts';

/** How periods are written into number cells. */
const CODES: Readonly<Record<BudgetRecord['period'], number>> = { day: 1, month: 2, total: 3 };

export const periodCode = (period: BudgetRecord['period']): number => CODES[period];

/** When the period that holds this instant began: midnight or the first of the month, in UTC; 0 for a budget that never renews. */
export function periodStart(period: BudgetRecord['period'], wallNow: number): number {
  if (period === 'total') return 0;
  const date = new Date(wallNow);
  const day = period === 'day' ? date.getUTCDate() : 1;
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), day);
}

/** When the next period begins; null for a budget that never renews. */
export function periodEnd(period: BudgetRecord['period'], wallNow: number): number | null {
  if (period === 'total') return null;
  const date = new Date(wallNow);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return period === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
}
