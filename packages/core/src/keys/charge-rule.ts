/**
 * How a provider charges a request against its token limits: data of the vendor, compiled into the snapshot. A need follows from it
 * before the request is sent, and what is settled afterwards.
 */
export interface ChargeRule {
  /**
   * When output counts: `upfront` its allowance (max_tokens × n) is taken when the request arrives; `as_produced` token by token;
   * `at_end` when the response is whole; `never` output is not limited.
   */
  readonly output: 'upfront' | 'as_produced' | 'at_end' | 'never';
  /** What stands for the allowance where the request names none: the model's learned 90th percentile, or its whole context. */
  readonly unsetAllowance: 'learned' | 'context_length';
  /** Input that was read from the provider's prompt cache: counted like other input, not counted, or in buckets of its own. */
  readonly cachedInput: 'counted' | 'excluded' | 'apart';
  /** What is charged in the end: what the request used, or all that was taken upfront (OpenAI gives nothing back, as far as is known). */
  readonly settlesTo: 'used' | 'upfront';
  /** Output tokens count this many times against the token limit (Bedrock's burndown); 1 elsewhere. */
  readonly outputFactor: number;
}

/** The rule of a vendor of which nothing is known: everything counts, and what was not used is assumed to come back. */
export const PLAIN_CHARGE: ChargeRule = Object.freeze({
  output: 'at_end',
  unsetAllowance: 'learned',
  cachedInput: 'counted',
  settlesTo: 'used',
  outputFactor: 1,
});
