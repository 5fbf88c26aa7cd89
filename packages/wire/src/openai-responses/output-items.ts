/** Output items, as whole answers write them. */
import type { ThinkingPart, ToolCallPart } from '../canonical/content.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { sealProof } from './reasoning-item.ts';

/** Signature or seal of a thought, for the caller to hand back. */
export function thoughtProof({
  sealed,
  signature,
}: Pick<ThinkingPart, 'sealed' | 'signature'>): string | null {
  if (sealed !== null) return sealProof({ of: 'sealed', signature: sealed });
  return signature === null ? null : sealProof({ of: 'thought', signature });
}

export function textBlock(
  text: string,
  annotations: readonly JsonValue[],
  logprobs: readonly JsonValue[],
): JsonObject {
  return { type: 'output_text', text, annotations, logprobs };
}

export function messageItem(id: string, status: string, content: readonly JsonValue[]): JsonObject {
  return { id, type: 'message', status, role: 'assistant', content };
}

export function callItem(
  call: Pick<ToolCallPart, 'id' | 'name' | 'custom'>,
  id: string,
  text: string,
  status: string,
): JsonObject {
  const { custom, name, id: callId } = call;
  return {
    id,
    type: custom ? 'custom_tool_call' : 'function_call',
    status,
    call_id: callId,
    name,
    [custom ? 'input' : 'arguments']: text,
  };
}
