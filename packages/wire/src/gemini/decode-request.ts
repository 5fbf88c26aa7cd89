/** A generateContent request. Source: https://ai.google.dev/api/generate-content, `GenerateContentParameters` of @google/genai. */
import type { Decoded, RequestPlace } from '../canonical/codec.ts';
import type { Part, TextPart, ThinkingPart } from '../canonical/content.ts';
import {
  decoding,
  grouped,
  missingFault,
  NO_OTHERS,
  optionalObject,
  optionalString,
  pathOf,
  survey,
  wrongFault,
} from '../canonical/read-member.ts';
import { bareRequest, type CanonicalRequest, type Turn } from '../canonical/request.ts';
import type { JsonObject } from '../json/value.ts';
import { CallLedger } from './call-ledger.ts';
import { decodeConfig } from './decode-config.ts';
import { decodePart } from './decode-content.ts';
import { elementsIn } from './elements-in.ts';
import { said } from '../canonical/said.ts';
import { camelMembers, unlessEmpty } from './member-names.ts';
import { decodeToolConfig, decodeTools } from './tools.ts';

const PLAIN = 1;
/** Those that most callers never say. */
const MORE = 2;
const GROUPS: ReadonlyMap<string, number> = new Map([
  ...grouped(PLAIN, 'model', 'contents', 'systemInstruction', 'generationConfig'),
  ...grouped(MORE, 'tools', 'toolConfig', 'labels', 'serviceTier'),
]);

/**
 * What is written otherwise but means the same comes out alike (all of it tested): snake_case, roles that are left out, functions spread
 * over several tools, OpenAPI schemas, and an answer in several contents, as the official SDK hands a streamed one back.
 */
export function decodeRequest(body: JsonObject, place: RequestPlace): Decoded<CanonicalRequest> {
  return decoding(() => readRequest(camelMembers(body), place));
}

function readRequest(body: JsonObject, place: RequestPlace): CanonicalRequest {
  const model = modelName(place.model ?? optionalString(body, 'model', '') ?? '');
  if (model === '') throw missingFault('model');
  const { groups, others } = survey(body, GROUPS);
  const config = decodeConfig(body);
  const plain: CanonicalRequest = {
    ...bareRequest('gemini', model, decodeTurns(body)),
    stream: place.stream ?? false,
    output: config.output,
    sampling: config.sampling,
    reasoning: config.reasoning,
    modalities: config.modalities,
    extensions: others,
  };
  const request = (groups & MORE) === 0 ? plain : { ...plain, ...moreOf(body, plain) };
  if (config.others === NO_OTHERS) return request;
  return { ...request, extensions: { ...request.extensions, generationConfig: config.others } };
}

function moreOf(body: JsonObject, { extensions }: CanonicalRequest) {
  const tools = decodeTools(body);
  const toolConfig = decodeToolConfig(body);
  const tier = optionalString(body, 'serviceTier', '')?.toLowerCase() ?? null;
  return {
    tools: tools.tools,
    toolChoice: toolConfig.choice,
    metadata: decodeLabels(body),
    serviceTier: tier === 'unspecified' ? null : tier === 'standard' ? 'default' : tier,
    extensions: said({
      ...extensions,
      tools: tools.others.length === 0 ? null : tools.others,
      toolConfig: unlessEmpty(toolConfig.others),
    }),
  };
}

/** `models/gemini-2.5-flash` is `gemini-2.5-flash`. */
function modelName(name: string): string {
  return name.startsWith('models/') ? name.slice('models/'.length) : name;
}

function decodeTurns(body: JsonObject): readonly Turn[] {
  const system = decodeSystem(body);
  const contents = decodeContents(body);
  return system === null ? contents : [system, ...contents];
}

function decodeSystem(body: JsonObject): Turn | null {
  const content = optionalObject(body, 'systemInstruction', '');
  if (content === null) return null;
  const parts = partsOf(content, 'systemInstruction', new CallLedger());
  return parts.length === 0 ? null : { role: 'system', name: null, parts };
}

function decodeContents(body: JsonObject): readonly Turn[] {
  const calls = new CallLedger();
  const turns: { role: Turn['role']; name: null; parts: Part[] }[] = [];
  for (const { value, at } of elementsIn(body, 'contents', '')) {
    const role = roleOf(optionalString(value, 'role', at), at);
    const parts = partsOf(value, at, calls);
    const before = turns.at(-1);
    if (role === 'assistant' && before?.role === role) join(before.parts, parts);
    else turns.push({ role, name: null, parts });
  }
  for (const turn of turns) {
    if (turn.role === 'assistant' && turn.parts.some(isToMend)) turn.parts = withProofs(turn.parts);
  }
  return turns;
}

function roleOf(role: string | null, at: string): 'user' | 'assistant' {
  // `function` was the role of results in the API's first version.
  if (role === null || role === '' || role === 'user' || role === 'function') return 'user';
  if (role === 'model') return 'assistant';
  throw wrongFault(pathOf(at, 'role'), '"user" or "model"');
}

function partsOf(content: JsonObject, at: string, calls: CallLedger): Part[] {
  const parts: Part[] = [];
  for (const part of elementsIn(content, 'parts', at)) {
    parts.push(decodePart(part.value, part.at, calls));
  }
  return parts;
}

/** Puts the next chunk's parts behind the last one's: what is cut in the middle of a text is one text again. */
function join(parts: Part[], next: readonly Part[]): void {
  for (const [index, part] of next.entries()) {
    const last = parts.at(-1);
    const seam = index === 0 && last !== undefined && isPlain(last) && isPlain(part);
    if (seam && last.kind === part.kind) {
      parts[parts.length - 1] = { ...last, text: last.text + part.text };
    } else {
      parts.push(part);
    }
  }
}

function isPlain(part: Part): part is TextPart | ThinkingPart {
  if (part.kind === 'text') return part.signature === null && part.extras === undefined;
  if (part.kind !== 'thinking') return false;
  return part.signature === null && part.sealed === null && part.extras === undefined;
}

/**
 * A stream tells a foreign thought's proof behind the thought, as an empty one: both are one again, as their origin checks them together.
 * What says nothing is left out.
 */
function withProofs(parts: readonly Part[]): Part[] {
  const whole: Part[] = [];
  for (const part of parts) {
    if (isForeignProof(part)) {
      whole.push({ ...part, text: takeThought(whole) });
    } else if (!isPlain(part) || part.text !== '') {
      whole.push(part);
    }
  }
  return whole;
}

const isToMend = (part: Part): boolean =>
  isForeignProof(part) || (isPlain(part) && part.text === '');

/** Takes the thought at the end out, in however many pieces it stands there: as a caller adds up what it was streamed. */
function takeThought(parts: Part[]): string {
  const start = parts.findLastIndex((part) => part.kind !== 'thinking' || !isPlain(part)) + 1;
  const pieces = parts.splice(start);
  return pieces.map((piece) => (piece.kind === 'thinking' ? piece.text : '')).join('');
}

function isForeignProof(part: Part): part is ThinkingPart {
  if (part.kind !== 'thinking' || part.text !== '' || part.signature === null) return false;
  return part.signature.origin !== 'gemini';
}

function decodeLabels(body: JsonObject): Readonly<Record<string, string>> | null {
  const labels = optionalObject(body, 'labels', '');
  if (labels === null) return null;
  const metadata: Record<string, string> = {};
  for (const name of Object.keys(labels)) {
    const value = labels[name];
    if (typeof value !== 'string') throw wrongFault(pathOf('labels', name), 'a string');
    if (name !== '__proto__') metadata[name] = value;
  }
  return metadata;
}
