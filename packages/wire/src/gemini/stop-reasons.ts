/** Source: `FinishReason` and `BlockedReason` of @google/genai, https://ai.google.dev/api/generate-content#FinishReason. */
import type { Drops } from '../canonical/drops.ts';
import type { StopReason } from '../canonical/response.ts';

/** Reasons that stand for exactly one of ours. */
const PLAIN: ReadonlyMap<string, StopReason> = new Map([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
]);
/** Gemini stopped, or was stopped, over what was written; blocked prompts have the same words. */
const FILTERED: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'MODEL_ARMOR',
  'ESCALATION',
  'PUP_LIMITED_DISABLED',
]);
/** Cut by a limit of the request, to be continued by a token that only Gemini's callers have. */
const CONTINUATION = 'CONTINUATION';
const REASON = /^[A-Z][A-Z_]{1,63}$/;

export interface Stop {
  readonly reason: StopReason;
  /** Gemini's own word, where ours says less. */
  readonly detail: string | null;
}

/** `called`: whether a function was called, which Gemini does not tell from a plain end. */
export function decodeStop(finishReason: string, called: boolean): Stop {
  const plain = PLAIN.get(finishReason);
  if (plain !== undefined) {
    return { reason: plain === 'stop' && called ? 'tool_calls' : plain, detail: null };
  }
  if (FILTERED.has(finishReason)) return { reason: 'content_filter', detail: finishReason };
  const reason = finishReason === CONTINUATION ? 'length' : 'other';
  return { reason, detail: finishReason };
}

/** `OTHER` and its like are said again where Gemini said them; a stop sequence is a plain end to Gemini. */
export function encodeStop({ reason, detail }: Stop): string {
  switch (reason) {
    case 'stop':
    case 'tool_calls':
    case 'stop_sequence':
      return 'STOP';
    case 'length':
      return detail === CONTINUATION ? detail : 'MAX_TOKENS';
    case 'context_length':
      return 'MAX_TOKENS';
    case 'content_filter':
      return detail !== null && FILTERED.has(detail) ? detail : 'SAFETY';
    case 'refusal':
      return 'SAFETY';
    case 'pause':
      return 'OTHER';
    default:
      return detail !== null && REASON.test(detail) ? detail : 'OTHER';
  }
}

/** Names what a `finishReason` cannot tell: which sequence it was that stopped the model. */
export function nameStop({ reason, detail }: Stop, drops: Drops): void {
  if (reason === 'stop_sequence' && detail !== null) drops.add('stop_sequence');
}
