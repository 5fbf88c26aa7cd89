/** Turns as `contents` and `systemInstruction`. */
import { isToolResult, type Part } from '../canonical/content.ts';
import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest, Turn } from '../canonical/request.ts';
import { toolNamesOf } from '../canonical/tool-names.ts';
import type { JsonObject } from '../json/value.ts';
import { putPart, type PartTarget } from './encode-content.ts';
import { familyOf } from './model-family.ts';

/**
 * Stands where Gemini 3 demands a signature that nobody can have, because another model made the call. Google's documented word for it,
 * on AI Studio and Vertex AI alike: https://ai.google.dev/gemini-api/docs/thought-signatures ("FAQs"),
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures.
 */
const NO_SIGNATURE = 'skip_thought_signature_validator';

type Content = { readonly role: 'user' | 'model'; readonly parts: JsonObject[] };

export interface EncodedTurns {
  readonly systemInstruction: JsonObject | null;
  readonly contents: readonly JsonObject[];
}

export function encodeTurns(request: CanonicalRequest, drops: Drops): EncodedTurns {
  const own = request.origin === 'gemini';
  const third = familyOf(request.model).isThirdOrLater;
  const target: PartTarget = {
    drops,
    forCaller: false,
    own,
    mediaInResults: third,
    toolNames: toolNamesOf(request.turns),
  };
  const system: JsonObject[] = [];
  const contents: Content[] = [];
  let last: Turn | null = null;
  let silence: JsonObject[] | null = null;
  for (const turn of own ? request.turns : resultsTogether(request.turns)) {
    drops.addIf(turn.name, 'name');
    const isSystem = turn.role === 'system' || turn.role === 'developer';
    const all = encodeParts(isSystem ? textOnly(turn, drops) : inOrder(turn, last, own), target);
    const parts = own ? all : all.filter(saysSomething);
    if (isSystem) {
      if (contents.length > 0) drops.add('system_position');
      for (const part of parts) system.push(part);
      continue;
    }
    const role = turn.role === 'user' ? 'user' : 'model';
    last = turn;
    if (parts.length > 0) place({ role, parts }, contents, own);
    else if (all.length > 0) silence ??= all;
  }
  if (!own && third) signCurrentCalls(contents);
  // Whether a request may say nothing at all, Google judges.
  if (contents.length === 0 && system.length === 0 && silence !== null) {
    contents.push({ role: 'user', parts: silence });
  }
  return withSomething(system, contents, drops);
}

/**
 * Whether a part is more than a text of nothing, which Vertex AI refuses, and AI Studio for some models: "Unable to submit request because it
 * has an empty text parameter", seen in https://github.com/Portkey-AI/gateway/issues/462. With a proof in it Google wants it back.
 */
function saysSomething(part: JsonObject): boolean {
  return part['text'] !== '' || part['thoughtSignature'] !== undefined;
}

/**
 * A request without contents is refused by Google: where there are instructions alone, they are what the user says.
 */
function withSomething(system: JsonObject[], contents: Content[], drops: Drops): EncodedTurns {
  const alone = contents.length === 0 && system.length > 0;
  if (alone) drops.add('system_position');
  return {
    systemInstruction: alone || system.length === 0 ? null : { parts: system },
    contents: alone ? [{ role: 'user', parts: system }] : contents,
  };
}

function textOnly({ parts }: Turn, drops: Drops): readonly Part[] {
  if (parts.every(isTold)) return parts;
  return parts.filter((part) => {
    if (isTold(part)) return true;
    drops.add(part.kind);
    return false;
  });
}

const isTold = ({ kind }: Part): boolean => kind === 'text' || kind === 'foreign';

/** Results that came one a turn, in one: Gemini wants as many in a content as there were calls. */
function resultsTogether(turns: readonly Turn[]): readonly Turn[] {
  if (!turns.some(onlyResults)) return turns;
  const together: Turn[] = [];
  /** The parts of the last turn, where it is one that was made here. */
  let joined: Part[] | null = null;
  for (const turn of turns) {
    const before = together.at(-1);
    if (before === undefined || !onlyResults(turn) || !onlyResults(before)) {
      together.push(turn);
      joined = null;
      continue;
    }
    if (joined === null) {
      joined = [...before.parts];
      together[together.length - 1] = { ...before, parts: joined };
    }
    for (const part of turn.parts) joined.push(part);
  }
  return together;
}

function onlyResults({ role, parts }: Turn): boolean {
  return role === 'user' && parts.length > 0 && parts.every(isToolResult);
}

/**
 * Results without ids are told apart by name and order: they are put in the order of the calls before them, where there are any. What
 * else stands between them comes behind.
 */
function inOrder(turn: Turn, before: Turn | null, own: boolean): readonly Part[] {
  const isAlone = turn.parts.length < 2;
  if (own || isAlone || before === null || !turn.parts.some(isToolResult)) {
    return turn.parts;
  }
  const ranks = new Map<string, number>();
  for (const part of before.parts) if (part.kind === 'tool_call') ranks.set(part.id, ranks.size);
  const rank = (part: Part): number =>
    part.kind === 'tool_result' ? (ranks.get(part.callId) ?? ranks.size) : Infinity;
  return turn.parts
    .map((part) => ({ part, rank: rank(part) }))
    .toSorted((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank))
    .map(({ part }) => part);
}

/**
 * A thought that is nothing but Gemini's signature, right before a call without one, is the call's: a caller's dialect that has no place
 * for a proof of a call keeps it there.
 */
function encodeParts(parts: readonly Part[], target: PartTarget): JsonObject[] {
  const encoded: JsonObject[] = [];
  let before: Part | null = null;
  for (const part of parts) {
    const proof = before?.kind === 'thinking' && before.text === '' ? before.signature : null;
    before = part;
    if (part.kind === 'tool_call' && part.signature === null && proof?.origin === 'gemini') {
      encoded.pop();
      putPart({ ...part, signature: proof }, target, encoded);
    } else putPart(part, target, encoded);
  }
  return encoded;
}

/** Neighbours of one role become one content, as Google wants them to alternate; results stay apart from what a user says. */
function place(content: Content, contents: Content[], own: boolean): void {
  const before = contents.at(-1);
  const joins =
    !own &&
    before?.role === content.role &&
    (content.role === 'model' || endsInResult(before) === endsInResult(content));
  if (!joins) contents.push(content);
  else for (const part of content.parts) before.parts.push(part);
}

function endsInResult({ parts }: Content): boolean {
  return parts.at(-1)?.['functionResponse'] !== undefined;
}

/**
 * Gemini 3 refuses a call of the current turn (everything after the last thing a user said) whose step begins without a signature; only
 * the first call of a step has one, and calls further back are not looked at.
 */
function signCurrentCalls(contents: readonly Content[]): void {
  for (let index = contents.length - 1; index >= 0; index--) {
    const content = contents[index];
    if (content === undefined) return;
    if (content.role === 'user') {
      if (!content.parts.some((part) => part['functionResponse'] !== undefined)) return;
      continue;
    }
    const first = content.parts.findIndex((part) => part['functionCall'] !== undefined);
    const call = content.parts[first];
    if (call !== undefined && call['thoughtSignature'] === undefined) {
      content.parts[first] = { ...call, thoughtSignature: NO_SIGNATURE };
    }
  }
}
