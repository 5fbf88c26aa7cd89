import type {
  ForeignPart,
  Part,
  Signature,
  TextPart,
  ThinkingPart,
  ToolCallPart,
} from '../canonical/content.ts';
import type { AnswerStamp } from '../canonical/codec.ts';
import { urlOfMedia } from '../canonical/data-url.ts';
import type { Drops } from '../canonical/drops.ts';
import type { CanonicalResponse, Choice } from '../canonical/response.ts';
import { isJsonArray, type JsonObject, type JsonValue } from '../json/value.ts';
import { encodeAnnotations } from './annotations-shape.ts';
import { nameExtras, type Block } from './encode-content.ts';
import { encodeReasoning } from './reasoning-details.ts';
import { riderOf } from './riders.ts';
import { encodeStop, nameStop, type StopScope } from './stop-reasons.ts';
import { encodeFunctionCall, encodeToolCall, extraContent } from './tool-call-shape.ts';
import { encodeUsage } from './usage-shape.ts';

/** A whole answer: texts of a choice in one string, thoughts in `reasoning_content` with their proofs in `reasoning_details`. */
export function encodeResponse(
  response: CanonicalResponse,
  stamp: AnswerStamp,
  drops: Drops,
): JsonObject {
  const { origin, extensions, usage } = response;
  const own = origin === 'openai-chat';
  const scope = { own, legacy: stamp.request.legacyFunctions === true };
  if (!own) drops.addMembers(extensions);
  const choices: JsonObject[] = [];
  for (const choice of response.choices) {
    choices.push(encodeChoice(choice, choices.length, scope, drops));
  }
  const answer = {
    id: response.id ?? `chatcmpl-${stamp.id}`,
    object: 'chat.completion',
    created: response.createdAt ?? stamp.createdAt,
    model: response.model ?? stamp.model,
    choices,
    usage: usage === null ? undefined : encodeUsage(usage),
  };
  return own ? { ...answer, ...extensions } : answer;
}

/** What the parts of an answer come to; null where there is nothing of a kind. */
interface Answer {
  thoughts: ThinkingPart[] | null;
  calls: ToolCallPart[] | null;
  images: JsonValue[] | null;
  annotations: JsonValue[] | null;
  /** Members that ride on the message, or on the choice. */
  message: Block | null;
  choice: Block | null;
  text: string | null;
  refusal: string | null;
  signature: Signature | null;
}

/** Whether an answer is in this dialect already, and whether its caller declared `functions`. */
type AnswerScope = Omit<StopScope, 'refusal'>;

function encodeChoice(choice: Choice, index: number, scope: AnswerScope, drops: Drops): JsonObject {
  const answer: Answer = {
    thoughts: null,
    calls: null,
    images: null,
    annotations: null,
    message: null,
    choice: null,
    text: null,
    refusal: null,
    signature: null,
  };
  for (const part of choice.parts) sortPart(part, answer, drops);
  const stop = { reason: choice.stop, detail: choice.stopDetail };
  nameStop(stop, scope.own, drops);
  const said = {
    index,
    message: encodeMessage(answer, scope, drops),
    logprobs: encodeLogprobs(
      choice.logprobs,
      answer.text === null && answer.refusal !== null,
      drops,
    ),
    finish_reason: encodeStop(stop, {
      own: scope.own,
      legacy: scope.legacy,
      refusal: answer.refusal !== null,
    }),
  };
  return answer.choice === null ? said : { ...said, ...answer.choice };
}

function encodeMessage(answer: Answer, scope: AnswerScope, drops: Drops): JsonObject {
  const { thoughts, annotations, images, calls, signature } = answer;
  const message: Block = { role: 'assistant', content: answer.text, refusal: answer.refusal };
  if (thoughts !== null) Object.assign(message, encodeReasoning(thoughts));
  if (annotations !== null) message['annotations'] = annotations;
  if (images !== null) message['images'] = images;
  if (calls !== null) Object.assign(message, encodeCalls(calls, scope, drops));
  if (signature !== null) Object.assign(message, extraContent(signature));
  return answer.message === null ? message : Object.assign(message, answer.message);
}

function encodeCalls(
  calls: readonly ToolCallPart[],
  { legacy }: AnswerScope,
  drops: Drops,
): JsonObject {
  const [first] = calls;
  if (first === undefined) return {};
  if (!legacy) return { tool_calls: calls.map((call) => encodeToolCall(call, call.signature)) };
  if (calls.length > 1) drops.add('tool_calls');
  return { function_call: encodeFunctionCall(first) };
}

function sortPart(part: Part, answer: Answer, drops: Drops): void {
  nameExtras(part, drops);
  switch (part.kind) {
    case 'text':
      answer.text = (answer.text ?? '') + part.text;
      answer.signature ??= part.signature;
      cite(part, answer, drops);
      return;
    case 'refusal':
      answer.refusal = (answer.refusal ?? '') + part.text;
      return;
    case 'thinking':
      (answer.thoughts ??= []).push(part);
      return;
    case 'tool_call':
      (answer.calls ??= []).push(part);
      return;
    case 'image': {
      const image = encodeImage(part);
      if (image === null) drops.add('image');
      else (answer.images ??= []).push(image);
      return;
    }
    case 'foreign':
      if (!putForeign(part, answer)) drops.addForeign(part);
      return;
    default:
      drops.add(part.kind);
  }
}

/** Whether it had a place. */
function putForeign(part: ForeignPart, answer: Answer): boolean {
  if (part.origin !== 'openai-chat') return false;
  const rider = riderOf(part);
  if (rider?.owner === 'choice') (answer.choice ??= {})[rider.member] = rider.value;
  else if (rider?.owner === 'message') (answer.message ??= {})[rider.member] = rider.value;
  else if (part.name === 'audio') (answer.message ??= {})['audio'] = part.value;
  else return false;
  return true;
}

function cite({ annotations }: TextPart, answer: Answer, drops: Drops): void {
  if (annotations === null) return;
  const list = encodeAnnotations(annotations);
  if (list === null) drops.add('citations');
  else for (const each of list) (answer.annotations ??= []).push(each);
}

/** A picture the model made, in OpenRouter's shape; null for one that has only an id. */
export function encodeImage({ source }: Extract<Part, { kind: 'image' }>): JsonObject | null {
  const url = urlOfMedia(source);
  return url === null ? null : { type: 'image_url', image_url: { url } };
}

/** Lists of tokens as OpenAI writes them; another form is none of this dialect. */
export function logprobsOf(list: readonly JsonValue[], ofRefusal: boolean): JsonObject {
  return ofRefusal ? { content: null, refusal: list } : { content: list, refusal: null };
}

function encodeLogprobs(
  logprobs: JsonValue | null,
  ofRefusal: boolean,
  drops: Drops,
): JsonObject | null {
  if (logprobs === null) return null;
  if (isJsonArray(logprobs)) return logprobsOf(logprobs, ofRefusal);
  drops.add('logprobs');
  return null;
}
