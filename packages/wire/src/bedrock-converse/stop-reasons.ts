import type { StopReason } from '../canonical/response.ts';

export interface Stop {
  readonly reason: StopReason;
  /** What the provider said, where the reason alone does not tell it; see `Choice.stopDetail`. */
  readonly detail: string | null;
}

/** The enumeration StopReason of @aws-sdk/client-bedrock-runtime 3.1127; `malformed_…` have no counterpart and are told as they are. */
const REASONS: ReadonlyMap<string, StopReason> = new Map([
  ['end_turn', 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  ['stop_sequence', 'stop_sequence'],
  ['content_filtered', 'content_filter'],
  ['guardrail_intervened', 'content_filter'],
  ['model_context_window_exceeded', 'context_length'],
  // what Claude says elsewhere; the enumeration is open
  ['refusal', 'refusal'],
  ['pause_turn', 'pause'],
]);
const GUARDRAIL = 'guardrail_intervened';

const WORDS: Readonly<Record<StopReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'content_filtered',
  refusal: 'refusal',
  stop_sequence: 'stop_sequence',
  pause: 'pause_turn',
  context_length: 'model_context_window_exceeded',
  other: 'end_turn',
};

export function readStop(word: string): Stop {
  const reason = REASONS.get(word) ?? 'other';
  return { reason, detail: reason === 'other' || word === GUARDRAIL ? word : null };
}

export function writeStop(reason: StopReason, detail: string | null): string {
  if (detail !== null && (detail === GUARDRAIL || reason === 'other')) return detail;
  return WORDS[reason];
}
