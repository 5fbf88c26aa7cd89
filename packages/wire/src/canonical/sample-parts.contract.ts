/** Parts, turns and tools to build conversations from in tests. */
import {
  type FilePart,
  type ImagePart,
  type Part,
  type Signature,
  type ThinkingPart,
  type ToolCallPart,
  type ToolResultPart,
} from './content.ts';
import type { Tool, Turn } from './request.ts';

/** A PNG of one transparent pixel. */
export const PIXEL_PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
/** The first and last line of a PDF: nobody here reads what is between them. */
const TINY_PDF = btoa('%PDF-1.4\n%%EOF\n');
/** The header of a WAV file without a sound in it. */
export const SILENT_WAV = btoa('RIFF$\u0000\u0000\u0000WAVEfmt ');

export const WEATHER_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string', description: 'Where' }, days: { type: 'integer' } },
  required: ['city'],
  additionalProperties: false,
} as const;

export const WEATHER_TOOL: Tool = {
  kind: 'function',
  name: 'get_weather',
  description: 'The weather in a city.',
  parameters: WEATHER_SCHEMA,
  strict: null,
  cache: null,
  extensions: {},
};
export const TIME_TOOL: Tool = {
  ...WEATHER_TOOL,
  name: 'get_time',
  description: null,
  parameters: { type: 'object', properties: {} },
  strict: true,
};
export const SQL_TOOL: Tool = {
  ...WEATHER_TOOL,
  kind: 'custom',
  name: 'run_sql',
  description: 'Runs a statement.',
  parameters: null,
};

export const PIXEL_IMAGE: ImagePart = {
  kind: 'image',
  source: { kind: 'base64', mediaType: 'image/png', data: PIXEL_PNG },
  detail: null,
  cache: null,
};
export const LINKED_IMAGE: ImagePart = {
  ...PIXEL_IMAGE,
  source: { kind: 'url', url: 'https://images.example/cat.png', mediaType: null },
  detail: 'high',
};
export const PDF: FilePart = {
  kind: 'file',
  source: { kind: 'base64', mediaType: 'application/pdf', data: TINY_PDF },
  name: 'report.pdf',
  cache: null,
};

export function turn(role: Turn['role'], ...parts: readonly Part[]): Turn {
  return { role, name: null, parts };
}

export function toolCall(id: string, name: string, text: string): ToolCallPart {
  const custom = name === SQL_TOOL.name;
  return {
    kind: 'tool_call',
    id,
    name,
    arguments: text,
    custom,
    signature: null,
    cache: null,
  };
}

export function toolResult(callId: string, ...content: ToolResultPart['content']): ToolResultPart {
  return { kind: 'tool_result', callId, name: null, content, isError: false, cache: null };
}

export function thinking(text: string, signature: Signature | null): ThinkingPart {
  return { kind: 'thinking', text, signature, sealed: null, id: null };
}

export function sealedThinking(sealed: Signature): ThinkingPart {
  return { kind: 'thinking', text: '', signature: null, sealed, id: null };
}
