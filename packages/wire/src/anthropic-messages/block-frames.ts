/** Events of a streamed message as text on the wire; the head of a delta is written once a block. */
import type { JsonObject, JsonValue } from '../json/value.ts';

export const MESSAGE_STOP = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
export const PING = 'event: ping\ndata: {"type":"ping"}\n\n';
/** Behind the text of a delta. */
export const DELTA_END = '}}\n\n';

const DELTAS = {
  text: '"type":"text_delta","text":',
  thinking: '"type":"thinking_delta","thinking":',
  input: '"type":"input_json_delta","partial_json":',
  signature: '"type":"signature_delta","signature":',
  citation: '"type":"citations_delta","citation":',
} as const;
export type DeltaKind = keyof typeof DELTAS;

/** What stands before the JSON of a delta's text. */
export function deltaHead(index: number, kind: DeltaKind): string {
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{${DELTAS[kind]}`;
}

export function deltaFrame(index: number, kind: DeltaKind, value: JsonValue): string {
  return `${deltaHead(index, kind)}${JSON.stringify(value)}${DELTA_END}`;
}

export function startFrame(index: number, block: JsonObject): string {
  return frame('content_block_start', { index, content_block: block });
}

export function stopFrame(index: number): string {
  return `event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`;
}

export function frame(type: string, members: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}
