/** What an operator can declare a limit of, and say that a refusal is about. */
export const LIMIT_DIMENSIONS = [
  'requests_second',
  'requests_minute',
  'requests_hour',
  'requests_day',
  'requests_month',
  'tokens_minute',
  'tokens_hour',
  'tokens_day',
  'tokens_month',
  'input_tokens_minute',
  'input_tokens_day',
  'output_tokens_minute',
  'output_tokens_day',
  'concurrency',
  'spend_day',
  'spend_month',
] as const;
