import type { Drops } from '../canonical/drops.ts';
import { lenientString } from '../canonical/read-member.ts';
import type { Held } from '../canonical/held.ts';
import type { Choice, StopReason } from '../canonical/response.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';

export interface Stop {
  readonly reason: StopReason;
  readonly detail: string | null;
}

const INCOMPLETE: Readonly<Record<string, StopReason>> = {
  max_output_tokens: 'length',
  content_filter: 'content_filter',
};
/** What `other` may stand for when this dialect told it: reasons of an incomplete answer, and states that are not its end. */
const OTHER_REASONS = new Set(['max_messages', 'steered']);
const OTHER_STATES = new Set(['cancelled', 'queued', 'in_progress']);

/** Why a model stopped; the dialect has states instead of reasons, so calls and refusals are told by what the answer holds. */
export function decodeStop(response: JsonObject, held: Held): Stop {
  const status = lenientString(response['status']) ?? 'completed';
  if (status === 'incomplete') {
    const details = response['incomplete_details'];
    const why = isJsonObject(details) ? lenientString(details['reason']) : null;
    const reason = why !== null && Object.hasOwn(INCOMPLETE, why) ? INCOMPLETE[why] : undefined;
    return reason === undefined
      ? { reason: 'other', detail: why ?? status }
      : { reason, detail: null };
  }
  if (status !== 'completed') return { reason: 'other', detail: status };
  if (held.calls) return { reason: 'tool_calls', detail: null };
  return { reason: held.refusal && !held.text ? 'refusal' : 'stop', detail: null };
}

/** An answer's state. `incomplete` is why, null where it is complete. */
export interface FinalState {
  readonly status: string;
  readonly incomplete: string | null;
}

/**
 * The reverse. A stop sequence and a pause are complete answers here, and so is a refusal that was put into words as such (`refused`); one
 * that was not would look like any answer, or like none.
 */
export function encodeStop(
  { stop, stopDetail }: Pick<Choice, 'stop' | 'stopDetail'>,
  refused: boolean,
): FinalState {
  if (stop === 'refusal' && !refused) return incomplete('content_filter');
  if (stop === 'length' || stop === 'context_length') return incomplete('max_output_tokens');
  if (stop === 'content_filter') return incomplete('content_filter');
  if (stop === 'other' && stopDetail !== null) {
    if (OTHER_REASONS.has(stopDetail)) return incomplete(stopDetail);
    if (OTHER_STATES.has(stopDetail)) return { status: stopDetail, incomplete: null };
  }
  return { status: 'completed', incomplete: null };
}

/** Names what a state cannot tell: which sequence stopped the model, that it only paused, a reason that another dialect knows (not `isOwn`). */
export function nameStop(
  { stop, stopDetail }: Pick<Choice, 'stop' | 'stopDetail'>,
  isOwn: boolean,
  drops: Drops,
): void {
  if (stop === 'stop_sequence' && stopDetail !== null) drops.add('stop_sequence');
  if (stop === 'pause') drops.add('pause');
  if (stop === 'other' && !isOwn) drops.add('stop_reason');
}

function incomplete(reason: string): FinalState {
  return { status: 'incomplete', incomplete: reason };
}
