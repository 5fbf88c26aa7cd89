import type { Drops } from '../canonical/drops.ts';
import type { Held } from '../canonical/held.ts';
import type { StopReason } from '../canonical/response.ts';

/**
 * `finish_reason` of the dialect and of its hosts: `function_call` is the legacy name, `model_length` Mistral's, `eos`, `eos_token` and
 * `stop_sequence` are of Together and Hugging Face.
 */
const REASONS: ReadonlyMap<string, StopReason> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['model_length', 'context_length'],
  ['eos', 'stop'],
  ['eos_token', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop_sequence'],
  ['max_tokens', 'length'],
]);

export interface Stop {
  readonly reason: StopReason;
  readonly detail: string | null;
}

/**
 * Why the model stopped, as its host says it. Hosts say `stop` where tools were called (OpenAI itself for a forced tool, Google's
 * compatible endpoint always) and where it refused: what the answer holds decides. A host that says nothing is taken to have stopped.
 */
export function decodeStop(said: string | null, holds: Omit<Held, 'text'>): Stop {
  const reason = said === null || said === '' ? 'stop' : (REASONS.get(said) ?? 'other');
  if (reason === 'other') return { reason, detail: said };
  if (reason !== 'stop') return { reason, detail: null };
  if (holds.calls) return { reason: 'tool_calls', detail: null };
  return { reason: holds.refusal ? 'refusal' : 'stop', detail: null };
}

const NAMES: Readonly<Record<StopReason, string>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  // Where the words of the refusal are told, OpenAI says `stop`.
  refusal: 'content_filter',
  stop_sequence: 'stop',
  pause: 'stop',
  context_length: 'length',
  other: 'stop',
};

/** How the one who is told of a stop asked. */
export interface StopScope {
  /** Whether the answer is in this dialect: then a reason that only its host knows is told too. */
  readonly own: boolean;
  /** Whether the words of a refusal are told. */
  readonly refusal: boolean;
  /** Whether the caller declared `functions`. */
  readonly legacy: boolean;
}

/** The nearest `finish_reason`. */
export function encodeStop({ reason, detail }: Stop, { own, refusal, legacy }: StopScope): string {
  if (legacy && reason === 'tool_calls') return 'function_call';
  if (reason === 'refusal' && refusal) return 'stop';
  if (reason === 'other' && own && detail !== null) return detail;
  return NAMES[reason];
}

/** Names what a `finish_reason` cannot tell. */
export function nameStop({ reason, detail }: Stop, own: boolean, drops: Drops): void {
  if (reason === 'stop_sequence' && detail !== null) drops.add('stop_sequence');
  if (reason === 'pause') drops.add('pause');
  if (reason === 'other' && !own) drops.add('stop_reason');
}
