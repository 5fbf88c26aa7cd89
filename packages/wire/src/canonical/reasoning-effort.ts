import type { Effort, Reasoning } from './request.ts';

/**
 * Thinking tokens for an effort, and back. Google's compatibility table says 1,024, 8,192 and 24,576 for low, medium and high
 * (https://ai.google.dev/gemini-api/docs/openai, "Thinking"); the others are ours, in between and beyond.
 */
const BUDGETS: readonly (readonly [Effort, number])[] = [
  ['none', 0],
  ['minimal', 512],
  ['low', 1024],
  ['medium', 8192],
  ['high', 24_576],
  ['xhigh', 32_768],
  ['max', 65_536],
];

/** Tokens a request may think; null where it does not say, or leaves it to the model. */
export function thinkingBudget({ budgetTokens, effort }: Reasoning): number | null {
  if (budgetTokens !== null) return budgetTokens < 0 ? null : budgetTokens;
  return BUDGETS.find(([name]) => name === effort)?.[1] ?? null;
}

/** The effort a request asks for; null where it does not say, or leaves it to the model. */
export function thinkingEffort({ budgetTokens, effort }: Reasoning): Effort | null {
  if (effort !== null) return effort;
  if (budgetTokens === null || budgetTokens < 0) return null;
  return BUDGETS.find(([, most]) => budgetTokens <= most)?.[0] ?? 'max';
}
