import type { Held } from '../canonical/held.ts';
import type { StopReason } from '../canonical/response.ts';

/** `stop_reason` here and in canonical form. https://platform.claude.com/docs/en/api/handling-stop-reasons */
const CANONICAL: ReadonlyMap<string, StopReason> = new Map([
  ['end_turn', 'stop'],
  ['max_tokens', 'length'],
  ['stop_sequence', 'stop_sequence'],
  ['tool_use', 'tool_calls'],
  ['pause_turn', 'pause'],
  ['refusal', 'refusal'],
  ['model_context_window_exceeded', 'context_length'],
]);
const OURS: ReadonlyMap<StopReason, string> = new Map([
  ...[...CANONICAL].map(([ours, canonical]) => [canonical, ours] as const),
  ['content_filter', 'refusal'],
]);

export interface Stopped {
  readonly stop: StopReason;
  readonly stopDetail: string | null;
}

export function readStop(reason: string | null, sequence: string | null): Stopped {
  if (reason === null) return { stop: 'other', stopDetail: null };
  const stop = CANONICAL.get(reason) ?? 'other';
  if (stop === 'stop_sequence') return { stop, stopDetail: sequence };
  return { stop, stopDetail: stop === 'other' ? reason : null };
}

export interface WrittenStop {
  readonly reason: string;
  readonly sequence: string | null;
}

/**
 * The stop of an answer with these parts. One that has no counterpart is the end of a turn; an answer that calls tools does not
 * end its turn, and one that refuses says so, even where the provider called it a plain stop.
 */
export function writeAnswerStop(
  { stop, stopDetail }: Stopped,
  holds: Omit<Held, 'text'>,
): WrittenStop {
  if (stop === 'stop' && holds.calls) return { reason: 'tool_use', sequence: null };
  if (stop === 'stop' && holds.refusal) return { reason: 'refusal', sequence: null };
  const reason = OURS.get(stop) ?? 'end_turn';
  return { reason, sequence: stop === 'stop_sequence' ? stopDetail : null };
}
