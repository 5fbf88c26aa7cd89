/**
 * One turn of a realtime session: the events of a response, and what its limits have left. openai-node `resources/realtime/realtime.ts`:
 * `ResponseCreatedEvent` … `ResponseDoneEvent`, `RateLimitsUpdatedEvent`.
 */
import { OpenCharge } from '../calls/open-charge.ts';
import type { CallRecord } from '../calls/call-log.ts';
import type { Heard } from '../dialects/conversation/heard.ts';
import { say } from '../dialects/conversation/said.ts';
import type { Said } from '../dialects/conversation/said.ts';
import { subjectOf } from '../dialects/exchange.ts';
import { isObject } from '../dialects/json-body.ts';
import { faultRefusal } from '../faces/fault-refusals.ts';
import { tightest, toldRemaining } from '../faces/limit-words.ts';
import type { Refusal } from '../faces/refusal.ts';
import { admitCall, resetOf } from '../limiter/model-limiter.ts';
import type { ModelLimit } from '../limiter/model-limiter.ts';
import type { ModelProfile } from '../profile/profile-schema.ts';
import type { KeyOwner, ProviderState } from '../provider-state.ts';

export type RealtimeEvent = Readonly<Record<string, unknown>>;

/** Whose turn it is. */
export interface Turn {
  readonly state: ProviderState;
  readonly owner: KeyOwner;
  readonly model: ModelProfile;
  readonly call: CallRecord;
}

/** The refusal of a fault, of empty funds or of a limiter; the tokens are taken when there is none. */
function refusedTurn(turn: Turn, heard: Heard, outputTokens: number): Refusal | null {
  const { state, owner, model, call } = turn;
  const { face } = state;
  const at = state.clock.wallNow();
  const told = {
    account: owner,
    model: model.id,
    prompt: heard.prompt,
    allowance: heard.allowance,
    requestId: state.random.hex(32),
    at,
    clockAt: at,
  };
  const { acting } = state.faults.plan(
    'answer',
    subjectOf(owner, model.id, true),
    state.clock.now(),
  );
  if (acting !== null) {
    const refusal = faultRefusal(face, acting, told);
    call.fault = acting.fault;
    call.refused = refusal === null ? null : acting.fault;
    return refusal;
  }
  const { balanceMicros } = owner.funds;
  if (balanceMicros !== null && balanceMicros <= 0) {
    call.refused = 'quota_exhausted';
    return face.refusals.quota_exhausted(told, {});
  }
  const limits = state.limitsOf(owner, model);
  const need = { inputTokens: heard.inputTokens, allowance: heard.allowance ?? outputTokens };
  const admission = admitCall(limits, need, state.limiterAt());
  if (!admission.admitted) {
    call.refused = `limit:${admission.dimension}`;
    return face.limitReached(told, admission);
  }
  const tokens = { input: heard.inputTokens, output: outputTokens };
  const charge = new OpenCharge(limits, tokens, () => state.limiterAt());
  charge.produced(1, 1);
  charge.end();
  return null;
}

function limitEvent({ state, owner, model }: Turn): RealtimeEvent {
  const at = state.limiterAt();
  const limits = state.limitsOf(owner, model);
  const tell = (name: string, fits: (limit: ModelLimit) => boolean): object[] => {
    const limit = tightest(limits, at, fits);
    if (limit === null) return [];
    const reset = (resetOf(limit, at) ?? 0) / 1000;
    return [
      { name, limit: limit.meter.limit, remaining: toldRemaining(limit, at), reset_seconds: reset },
    ];
  };
  const told = [
    ...tell('requests', ({ counts }) => counts === 'requests'),
    ...tell('tokens', ({ counts }) => counts !== 'requests'),
  ];
  return { type: 'rate_limits.updated', rate_limits: told };
}

type Fields = Readonly<Record<string, unknown>>;

/** An output item, and the events between its beginning and its end. */
interface Item {
  readonly whole: Fields;
  readonly events: readonly (readonly [type: string, fields: Fields])[];
}

function itemsFor(said: Said, state: ProviderState): Item[] {
  const { random } = state;
  const { text } = said;
  const base = { object: 'realtime.item', status: 'completed' };
  if (text !== null) {
    const part = { type: 'output_text', text: text.text };
    const at = { content_index: 0 };
    return [
      {
        whole: {
          id: `item_${random.hex(24)}`,
          ...base,
          type: 'message',
          role: 'assistant',
          content: [part],
        },
        events: [
          ['response.content_part.added', { ...at, part: { ...part, text: '' } }],
          ...text.pieces.map(
            (piece) => ['response.output_text.delta', { ...at, delta: JSON.parse(piece) }] as const,
          ),
          ['response.output_text.done', { ...at, text: text.text }],
          ['response.content_part.done', { ...at, part }],
        ],
      },
    ];
  }
  return said.calls.map(({ name, input }) => {
    const call = { call_id: `call_${random.hex(16)}` };
    const whole = { id: `item_${random.hex(24)}`, ...base, type: 'function_call', ...call, name };
    return {
      whole: { ...whole, arguments: input.text },
      events: [
        ...input.pieces.map(
          (piece) =>
            [
              'response.function_call_arguments.delta',
              { ...call, delta: JSON.parse(piece) },
            ] as const,
        ),
        ['response.function_call_arguments.done', { ...call, name, arguments: input.text }],
      ],
    };
  });
}

const usageOf = (heard: Heard, said: Said): object => ({
  total_tokens: heard.inputTokens + said.outputTokens,
  input_tokens: heard.inputTokens,
  output_tokens: said.outputTokens,
  input_token_details: { text_tokens: heard.inputTokens, audio_tokens: 0, cached_tokens: 0 },
  output_token_details: { text_tokens: said.outputTokens, audio_tokens: 0 },
});

/** The error of a refusal, as the fields of a failed response. */
function errorOf({ body }: Refusal): object {
  if (typeof body !== 'string') return { type: body.type, code: body.code, message: body.message };
  try {
    const parsed: unknown = JSON.parse(body);
    const error = isObject(parsed) ? parsed['error'] : null;
    return isObject(error) ? error : { type: 'server_error', code: null, message: body };
  } catch {
    return { type: 'server_error', code: null, message: body };
  }
}

/** What a turn answers, event by event; the last word is always `response.done` and what is left of the limits. */
export function turnEvents(turn: Turn, heard: Heard): RealtimeEvent[] {
  const { state, model, call } = turn;
  const said = say(heard, model);
  const refusal = refusedTurn(turn, heard, said.outputTokens);
  const response = { object: 'realtime.response', id: `resp_${state.random.hex(24)}` };
  call.status = refusal?.status ?? 200;
  const events: RealtimeEvent[] = [
    {
      type: 'response.created',
      response: {
        ...response,
        status: 'in_progress',
        status_details: null,
        output: [],
        usage: null,
      },
    },
  ];
  if (refusal !== null) {
    const details = { type: 'failed', error: errorOf(refusal) };
    const failed = { ...response, status: 'failed', status_details: details, output: [] };
    return [...events, { type: 'response.done', response: failed }, limitEvent(turn)];
  }
  const items = itemsFor(said, state);
  for (const [index, { whole, events: between }] of items.entries()) {
    const place = { response_id: response.id, output_index: index };
    const start = { ...whole, status: 'in_progress' };
    events.push({ type: 'response.output_item.added', ...place, item: start });
    for (const [type, fields] of between) {
      events.push({ type, ...place, item_id: whole['id'], ...fields });
    }
    events.push({ type: 'response.output_item.done', ...place, item: whole });
  }
  const output = items.map(({ whole }) => whole);
  const status = said.end === 'length' ? 'incomplete' : 'completed';
  const done = { ...response, status, status_details: null, output, usage: usageOf(heard, said) };
  return [...events, { type: 'response.done', response: done }, limitEvent(turn)];
}
