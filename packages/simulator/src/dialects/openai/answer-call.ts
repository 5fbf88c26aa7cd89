/** One paid call from its body to its answer: check, faults, limits, funds, reply. */
import { deliver, deliverUnderFaults } from '../../behaviour/deliver.ts';
import type { FaultInput } from '../../behaviour/fault-input.ts';
import { admitCall, limitHeaders } from '../../limiter/model-limiter.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { KeyOwner } from '../../provider-state.ts';
import type { Answer, Exchange } from '../dialect.ts';
import { chatReply, frameChat } from './chat-answer.ts';
import type { Framed } from './chat-answer.ts';
import { completionReply, frameCompletion } from './completion-answer.ts';
import { dimensionsOf, embeddingBody } from './embedding-answer.ts';
import {
  badRequest,
  limitReached,
  malformedJson,
  modelForbidden,
  modelNotFound,
  quotaExhausted,
} from './errors.ts';
import type { Refusal } from './errors.ts';
import { faultRefusal, inBandError } from './fault-refusals.ts';
import { accountHeaders } from './headers.ts';
import { refusalAnswer, refusedCredential, subjectOf } from './refuse.ts';
import { modelOf, parseJson, readChat, readCompletion, readEmbeddings } from './request.ts';
import type { OpenaiRequest, Operation } from './request.ts';

const READERS = {
  'chat.completions': readChat,
  completions: readCompletion,
  embeddings: readEmbeddings,
} as const;

const KINDS = {
  'chat.completions': 'chat',
  completions: 'completions',
  embeddings: 'embeddings',
} as const;

/** A reply before it is framed, with what it costs. */
interface Priced {
  readonly framed: Framed | null;
  readonly body: () => string;
  readonly outputTokens: number;
}

const isRefusal = (value: object): value is Refusal => 'status' in value;

export function answerCall(
  exchange: Exchange,
  owner: KeyOwner,
  operation: Operation,
  bytes: Uint8Array,
): void {
  const { state, call } = exchange;
  const body = parseJson(bytes);
  const named = body === null ? null : modelOf(body);
  call.model = named;
  if (refusedCredential(exchange, owner, named)) return;
  const request = body === null ? malformedJson() : READERS[operation](body);
  if (isRefusal(request)) return refuse(exchange, owner, request);
  call.stream = request.stream;
  const model = state.models.get(request.model);
  const wrong = checkModel(owner, model, request);
  if (wrong !== null || model === undefined) {
    return refuse(exchange, owner, wrong ?? modelNotFound(request.model));
  }
  answerAdmissible(exchange, owner, model, request);
}

/** A call that is right: its faults, or its limits and its reply. */
function answerAdmissible(
  exchange: Exchange,
  owner: KeyOwner,
  model: ModelProfile,
  request: OpenaiRequest,
): void {
  const { state, call } = exchange;
  const subject = subjectOf(owner, model.id, request.stream);
  const { acting, shapes } = state.faults.plan('answer', subject, state.clock.now());
  if (acting === null && shapes.length === 0) {
    return deliver(exchange, answerOf(exchange, owner, model, request));
  }
  call.fault = (acting ?? shapes[0])?.fault ?? null;
  const refusal =
    acting === null
      ? null
      : faultRefusal(acting, { owner, model: model.id, prompt: request.prompt });
  if (refusal !== null) {
    const headers = accountHeaders(exchange, owner);
    return deliverUnderFaults(exchange, refusalAnswer(refusal, headers), acting, shapes);
  }
  const answer = answerOf(exchange, owner, lengthened(model, shapes), request);
  const told = acting === null ? answer : withInBandError(answer, acting);
  deliverUnderFaults(exchange, told, acting, shapes);
}

/** A slow stream may ask for an answer of its own length. */
function lengthened(model: ModelProfile, shapes: readonly FaultInput[]): ModelProfile {
  const events = shapes.find((shape) => shape.fault === 'slow_stream')?.events;
  if (events === undefined) return model;
  return { ...model, answerText: undefined, answerWords: Math.max(1, events) };
}

function refuse(exchange: Exchange, owner: KeyOwner, refusal: Refusal): void {
  deliver(exchange, refusalAnswer(refusal, accountHeaders(exchange, owner)));
}

function checkModel(
  owner: KeyOwner,
  model: ModelProfile | undefined,
  request: OpenaiRequest,
): Refusal | null {
  if (model === undefined) return modelNotFound(request.model);
  if (owner.models !== null && !owner.models.has(model.id)) {
    return modelForbidden(model.id, owner.project);
  }
  const kind = model.kind ?? 'chat';
  if (kind !== KINDS[request.operation]) {
    const text =
      request.operation === 'embeddings'
        ? 'You are not allowed to generate embeddings from this model'
        : `This is not a ${KINDS[request.operation]} model and thus not supported in the v1/${request.operation.replace('.', '/')} endpoint.`;
    return badRequest(text, 'model');
  }
  if (model.contextTokens !== undefined && request.inputTokens > model.contextTokens) {
    const message = `This model's maximum context length is ${model.contextTokens} tokens. However, your messages resulted in ${request.inputTokens} tokens. Please reduce the length of the messages.`;
    return badRequest(message, 'messages', 'context_length_exceeded');
  }
  return null;
}

/** The answer, or the refusal of a limiter or of empty funds. */
function answerOf(
  exchange: Exchange,
  owner: KeyOwner,
  model: ModelProfile,
  request: OpenaiRequest,
): Answer {
  const { state } = exchange;
  const now = state.clock.now();
  const priced = priceReply(exchange, model, request);
  if (isRefusal(priced)) return refusalAnswer(priced, accountHeaders(exchange, owner));
  const buckets = state.bucketsOf(owner, model);
  const headers = accountHeaders(exchange, owner);
  if (owner.funds.balanceMicros !== null && owner.funds.balanceMicros <= 0) {
    return refusalAnswer(quotaExhausted(), headers);
  }
  const tokens = chargedTokens(model, request, priced.outputTokens);
  const admission = buckets.length === 0 ? null : admitCall(buckets, tokens, now);
  headers.push(...limitHeaders(buckets, now));
  if (admission !== null && !admission.admitted) {
    return refusalAnswer(limitReached(owner, model.id, admission), headers);
  }
  spend(owner, model, request.inputTokens, priced.outputTokens);
  return framedAnswer(model, request, priced, headers);
}

/** Charged before the answer: input + max_tokens × n; where no maximum is given, what will be produced; or what the profile declares. */
function chargedTokens(model: ModelProfile, request: OpenaiRequest, outputTokens: number): number {
  if (model.chargeTokens !== undefined) return model.chargeTokens;
  const choices = request.n * Math.max(1, request.inputs.length);
  return (
    request.inputTokens + (request.maxTokens === null ? outputTokens : request.maxTokens * choices)
  );
}

function spend(owner: KeyOwner, model: ModelProfile, input: number, output: number): void {
  const { funds } = owner;
  const { price } = model;
  if (funds.balanceMicros === null || price === undefined) return;
  const perToken =
    (input * (price.inputMicrosPerMillionTokens ?? 0) +
      output * (price.outputMicrosPerMillionTokens ?? 0)) /
    1_000_000;
  funds.balanceMicros -= (price.callMicros ?? 0) + Math.ceil(perToken);
}

function priceReply(
  exchange: Exchange,
  model: ModelProfile,
  request: OpenaiRequest,
): Priced | Refusal {
  const { random, clock } = exchange.state;
  if (request.operation === 'embeddings') {
    const dimensions = dimensionsOf(request, model);
    if (typeof dimensions !== 'number') return dimensions;
    return { framed: null, body: () => embeddingBody(request, dimensions), outputTokens: 0 };
  }
  const created = Math.floor(clock.wallNow() / 1000);
  const chat = request.operation === 'chat.completions';
  const reply = (chat ? chatReply : completionReply)(request, model, random, created);
  const framed = (chat ? frameChat : frameCompletion)(request, reply);
  return { framed, body: framed.body, outputTokens: reply.outputTokens };
}

function framedAnswer(
  model: ModelProfile,
  request: OpenaiRequest,
  priced: Priced,
  headers: readonly string[],
): Answer {
  const { framed, body } = priced;
  const pace = {
    firstByteMs: model.firstByteMs ?? 0,
    eventIntervalMs: model.eventIntervalMs ?? 0,
  };
  const json = ['content-type', 'application/json', ...headers];
  const whole = (): Answer => ({ status: 200, headers: json, body: body(), events: null, ...pace });
  if (framed === null) return whole();
  const streamed = (): Answer => {
    const events = framed.events();
    return { status: 200, headers, body: '', events, filler: framed.filler, ...pace };
  };
  return request.stream ? { ...streamed(), other: whole } : { ...whole(), other: streamed };
}

/** An error inside a 200: one event of the stream, after which it ends; or the whole body. */
function withInBandError(answer: Answer, fault: FaultInput): Answer {
  if (answer.status !== 200) return answer;
  const error = inBandError(fault.code);
  if (fault.fault === 'error_body') {
    const json = answer.events === null ? [] : ['content-type', 'application/json'];
    return { ...answer, headers: [...json, ...answer.headers], body: error, events: null };
  }
  if (fault.fault !== 'error_event' || answer.events === null) return answer;
  const before = answer.events.slice(0, Math.min(fault.events ?? 0, answer.events.length - 1));
  return { ...answer, events: [...before, `data: ${error}\n\n`] };
}
