/** Reads generateContent requests: what is wrong, or what they come to. */
import type { Refusal } from '../../faces/refusal.ts';
import { Listener, stopsOf } from '../conversation/heard.ts';
import type { Heard, HeardPart, OfferedTool, ToolChoice } from '../conversation/heard.ts';
import { encodedMedia } from '../conversation/media.ts';
import type { Media } from '../conversation/media.ts';
import { contentText, isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { field, listField, objectField } from './fields.ts';
import {
  partsIn,
  unsignedCall,
  wrongConfig,
  wrongContents,
  wrongFields,
  wrongTools,
} from './request-checks.ts';

export interface ContentRequest {
  readonly heard: Heard;
  /** Thoughts are told, not only counted. */
  readonly showsThoughts: boolean;
}

const kindOf = (type: string): Media['kind'] => {
  if (type.startsWith('image/')) return 'image';
  return type.startsWith('audio/') ? 'audio' : 'file';
};

function partOf(part: JsonObject): HeardPart {
  const inline = field(part, 'inlineData');
  const file = field(part, 'fileData');
  if (isObject(inline)) {
    return encodedMedia(kindOf(String(field(inline, 'mimeType'))), String(inline['data']));
  }
  if (isObject(file)) return { kind: kindOf(String(field(file, 'mimeType'))), type: 'url' };
  return typeof part['text'] === 'string' ? part['text'] : null;
}

/** A function's answer is an object; what is told of it is its `result` or `output`, else all of it. */
function resultText(part: JsonObject): string | null {
  const answer = field(part, 'functionResponse');
  if (!isObject(answer)) return null;
  const given = answer['response'];
  if (!isObject(given)) return '';
  const told = given['result'] ?? given['output'] ?? given['content'] ?? given;
  return typeof told === 'string' ? told : JSON.stringify(told);
}

function hearContent(listener: Listener, content: unknown): void {
  const parts = partsIn(content);
  if (isObject(content) && content['role'] === 'model') {
    return listener.modelSays(contentText(parts.filter(({ thought }) => thought !== true)));
  }
  const results = parts.map(resultText).filter((text) => text !== null);
  for (const text of results) listener.toolSays(text);
  const said = parts.map(partOf);
  if (results.length === 0 || said.some((part) => part !== null)) listener.userSays(said);
}

/** The functions offered, and which of them must or may be called. */
function toolsOf(body: JsonObject): [ToolChoice, OfferedTool[]] {
  const declared = listField(body, 'tools')
    .filter(isObject)
    .flatMap((tool) => listField(tool, 'functionDeclarations'))
    .filter(isObject)
    .map((one) => ({
      name: String(one['name']),
      schema: field(one, 'parametersJsonSchema') ?? one['parameters'],
    }));
  const config = objectField(objectField(body, 'toolConfig'), 'functionCallingConfig');
  const allowed = listField(config, 'allowedFunctionNames');
  const left =
    allowed.length === 0 ? declared : declared.filter(({ name }) => allowed.includes(name));
  const mode = String(config['mode']).toUpperCase();
  return [mode === 'ANY' ? 'required' : mode === 'NONE' ? 'none' : 'auto', left];
}

function formatOf(config: JsonObject): Heard['format'] {
  if (field(config, 'responseMimeType') !== 'application/json') return null;
  const schema = field(config, 'responseJsonSchema') ?? field(config, 'responseSchema');
  return schema === undefined ? 'json' : { schema };
}

/** A budget of 0 turns it off; without any word of it the simulated model does not think. */
function thinks(thinking: JsonObject): boolean {
  const budget = field(thinking, 'thinkingBudget');
  const level = field(thinking, 'thinkingLevel');
  if (typeof budget === 'number') return budget !== 0;
  return field(thinking, 'includeThoughts') === true || level !== undefined;
}

/** `counting`: for countTokens, where nothing is generated. */
export function readContents(body: JsonObject, counting = false): ContentRequest | Refusal {
  const contents = field(body, 'contents');
  const config = objectField(body, 'generationConfig');
  const thinking = objectField(config, 'thinkingConfig');
  const thinksNow = thinks(thinking);
  const wrong =
    wrongContents(contents) ??
    wrongFields(body) ??
    wrongTools(body) ??
    wrongConfig(body) ??
    (thinksNow && !counting ? unsignedCall(Array.isArray(contents) ? contents : []) : null);
  if (wrong !== null) return wrong;
  const listener = new Listener();
  const system = field(body, 'systemInstruction');
  if (isObject(system)) listener.systemSays(contentText(system['parts']));
  else if (typeof system === 'string') listener.systemSays(system);
  for (const content of Array.isArray(contents) ? contents : []) hearContent(listener, content);
  const [choice, tools] = toolsOf(body);
  const most = field(config, 'maxOutputTokens');
  const heard = listener.heard({
    tools,
    choice,
    parallel: true,
    format: formatOf(config),
    thinks: thinksNow,
    stops: stopsOf(field(config, 'stopSequences')),
    allowance: typeof most === 'number' ? most : null,
  });
  return { heard, showsThoughts: field(thinking, 'includeThoughts') === true };
}
