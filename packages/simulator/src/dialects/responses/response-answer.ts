/**
 * A response, whole and as the events of a stream: openai-node `Response`, `ResponseStreamEvent`; the order of events as
 * platform.openai.com/docs/api-reference/responses-streaming lists it.
 */
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { KeyOwner } from '../../provider-state.ts';
import type { Random } from '../../random.ts';
import { say } from '../conversation/said.ts';
import type { Said } from '../conversation/said.ts';
import { seal } from '../conversation/signatures.ts';
import { isObject } from '../json-body.ts';
import type { PricedReply } from '../serve-call.ts';
import type { Wording } from '../words.ts';
import type { ResponsesRequest } from './request.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An output item as it is in the end, as it begins, and the events between, without their places. */
interface Item {
  readonly id: string;
  readonly whole: Fields;
  readonly start: Fields;
  readonly events: readonly (readonly [type: string, fields: Fields])[];
}

const texts = (wording: Wording): unknown[] => wording.pieces.map((piece) => JSON.parse(piece));

function reasoningItem(said: Said, request: ResponsesRequest, owner: KeyOwner, id: string): Item[] {
  const { thoughts } = said;
  if (thoughts === null) return [];
  const sealed = request.encrypts
    ? { encrypted_content: seal(owner.organization, thoughts.text) }
    : {};
  const base = { id, type: 'reasoning', ...sealed };
  if (!request.summarizes) {
    const whole = { ...base, summary: [] };
    return [{ id, whole, start: whole, events: [] }];
  }
  const part = { type: 'summary_text', text: thoughts.text };
  const at = { summary_index: 0 };
  const events: Item['events'] = [
    ['response.reasoning_summary_part.added', { ...at, part: { ...part, text: '' } }],
    ...texts(thoughts).map(
      (delta) => ['response.reasoning_summary_text.delta', { ...at, delta }] as const,
    ),
    ['response.reasoning_summary_text.done', { ...at, text: thoughts.text }],
    ['response.reasoning_summary_part.done', { ...at, part }],
  ];
  return [{ id, whole: { ...base, summary: [part] }, start: { ...base, summary: [] }, events }];
}

function messageItem(said: Said, text: Wording, id: string): Item {
  const refuses = said.end === 'refusal';
  const kind = refuses ? 'refusal' : 'output_text';
  const partOf = (value: string): Fields =>
    refuses
      ? { type: kind, refusal: value }
      : { type: kind, annotations: [], logprobs: [], text: value };
  const at = { content_index: 0 };
  const logprobs = refuses ? {} : { logprobs: [] };
  const events: Item['events'] = [
    ['response.content_part.added', { ...at, part: partOf('') }],
    ...texts(text).map(
      (delta) => [`response.${kind}.delta`, { ...at, delta, ...logprobs }] as const,
    ),
    [`response.${kind}.done`, { ...at, [refuses ? 'refusal' : 'text']: text.text, ...logprobs }],
    ['response.content_part.done', { ...at, part: partOf(text.text) }],
  ];
  const base = { id, type: 'message', role: 'assistant' };
  const status = said.end === 'length' ? 'incomplete' : 'completed';
  return {
    id,
    whole: { ...base, status, content: [partOf(text.text)] },
    start: { ...base, status: 'in_progress', content: [] },
    events,
  };
}

function callItem({ name, input }: Said['calls'][number], id: string, callId: string): Item {
  const base = { id, type: 'function_call', call_id: callId, name };
  return {
    id,
    whole: { ...base, status: 'completed', arguments: input.text },
    start: { ...base, status: 'in_progress', arguments: '' },
    events: [
      ...texts(input).map(
        (delta) => ['response.function_call_arguments.delta', { delta }] as const,
      ),
      ['response.function_call_arguments.done', { arguments: input.text }],
    ],
  };
}

function itemsFor(said: Said, request: ResponsesRequest, owner: KeyOwner, random: Random): Item[] {
  const reasoning = reasoningItem(said, request, owner, `rs_${random.hex(48)}`);
  const { text } = said;
  if (text !== null) return [...reasoning, messageItem(said, text, `msg_${random.hex(48)}`)];
  const calls = said.calls.map((call) =>
    callItem(call, `fc_${random.hex(48)}`, `call_${random.hex(24)}`),
  );
  return [...reasoning, ...calls];
}

/** What a response tells of its request where that said nothing. */
const UNSAID: Fields = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  safety_identifier: null,
  temperature: 1,
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
  user: null,
};

/** What the request asked for, told again. */
function echoed({ body, store }: ResponsesRequest): Fields {
  const { reasoning, text } = body;
  const said = Object.keys(UNSAID).map((name) => [name, body[name] ?? UNSAID[name]]);
  return {
    ...Object.fromEntries(said),
    reasoning: { effort: null, summary: null, ...(isObject(reasoning) ? reasoning : {}) },
    store,
    text: { format: { type: 'text' }, verbosity: 'medium', ...(isObject(text) ? text : {}) },
  };
}

/** A response before it is framed. */
export interface MadeResponse {
  readonly id: string;
  readonly json: string;
  readonly items: readonly Item[];
  readonly priced: PricedReply;
}

const event = (type: string, at: number, fields: Fields): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: at, ...fields })}\n\n`;

function eventsOf(items: readonly Item[], begun: Fields, ended: Fields): string[] {
  const events: string[] = [];
  const add = (type: string, fields: Fields): void => {
    events.push(event(type, events.length, fields));
  };
  add('response.created', { response: begun });
  add('response.in_progress', { response: begun });
  for (const [index, { id, whole, start, events: between }] of items.entries()) {
    add('response.output_item.added', { output_index: index, item: start });
    for (const [type, fields] of between) {
      add(type, { item_id: id, output_index: index, ...fields });
    }
    add('response.output_item.done', { output_index: index, item: whole });
  }
  add(`response.${String(ended['status'])}`, { response: ended });
  return events;
}

/** An error event, then the response that it ended: both as one piece. */
function failedEvents(begun: Fields, body: string, after: number): string {
  const parsed: unknown = JSON.parse(body);
  const inner = isObject(parsed) ? parsed['error'] : null;
  const error = isObject(inner) ? inner : {};
  const { message, code, type } = error;
  const told = { type: type ?? 'server_error', code: code ?? null, message, param: null };
  const failed = { code: code ?? 'server_error', message };
  return (
    event('error', after, { error: told }) +
    event('response.failed', after + 1, {
      response: { ...begun, status: 'failed', error: failed },
    })
  );
}

export function makeResponse(
  request: ResponsesRequest,
  model: ModelProfile,
  owner: KeyOwner,
  made: { readonly random: Random; readonly at: number },
): MadeResponse {
  const { heard } = request;
  const said = say(heard, model);
  const items = itemsFor(said, request, owner, made.random);
  const id = `resp_${made.random.hex(48)}`;
  const cut = said.end === 'length';
  const base = { id, object: 'response', created_at: Math.floor(made.at / 1000) };
  const rest = { background: false, model: model.id, ...echoed(request) };
  const begun = {
    ...base,
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    ...rest,
    service_tier: 'auto',
    output: [],
    usage: null,
  };
  const ended = {
    ...begun,
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    service_tier: 'default',
    output: items.map(({ whole }) => whole),
    usage: {
      input_tokens: heard.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: said.outputTokens,
      output_tokens_details: { reasoning_tokens: said.thoughtTokens },
      total_tokens: heard.inputTokens + said.outputTokens,
    },
  };
  const json = JSON.stringify(ended);
  const filler = (text: string): string =>
    event('response.output_text.delta', 4, {
      item_id: items.at(-1)?.id,
      output_index: items.length - 1,
      content_index: 0,
      delta: text,
      logprobs: [],
    });
  const body = (): string => json;
  const framed = {
    body,
    events: () => eventsOf(items, begun, ended),
    filler,
    inBand: (error: string, after: number) => failedEvents(begun, error, after),
  };
  return { id, json, items, priced: { framed, body, outputTokens: said.outputTokens } };
}
