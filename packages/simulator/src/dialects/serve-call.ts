/** One paid call that its dialect has found right, to its answer: faults, funds, limits, reply. */
import { deliver, deliverUnderFaults } from '../behaviour/deliver.ts';
import type { FaultInput } from '../behaviour/fault-input.ts';
import { disturbedHeaders, skewIn } from '../behaviour/header-faults.ts';
import { OpenCharge } from '../calls/open-charge.ts';
import { faultRefusal } from '../faces/fault-refusals.ts';
import type { Refusal } from '../faces/refusal.ts';
import { admitCall, settlesLater } from '../limiter/model-limiter.ts';
import type { ModelProfile } from '../profile/profile-schema.ts';
import type { KeyOwner } from '../provider-state.ts';
import type { Answer, Chunk, Exchange } from './dialect.ts';
import { refusalAnswer, refusedCall, refuse, stampedHeaders, subjectOf } from './exchange.ts';

/** A body and a way to the events, so that only what is asked for is built. */
export interface Framed {
  readonly body: () => string;
  readonly events: () => Chunk[];
  readonly filler: (text: string) => Chunk;
  /** Server-sent events when not given. */
  readonly streamType?: string;
  /** An error's body as the next event after so many, where the face's own event would not fit. */
  readonly inBand?: (body: string, after: number) => Chunk;
}

/** A reply before it is framed, with what it costs. */
export interface PricedReply {
  /** Null where there is no stream. */
  readonly framed: Framed | null;
  readonly body: () => Chunk;
  /** The body's content type; JSON when not given. */
  readonly type?: string;
  /** Headers of this answer alone; flat name, value. */
  readonly headers?: readonly string[];
  readonly outputTokens: number;
  /** What the provider keeps of the call, done once it is admitted. */
  readonly admitted?: () => void;
}

/** What any dialect's call comes to. */
export interface CheckedCall {
  readonly model: string;
  readonly stream: boolean;
  /** It costs nothing and takes nothing from the limits. */
  readonly free?: boolean;
  readonly inputTokens: number;
  /** Output tokens the caller allows in all; null when it said nothing. */
  readonly allowance: number | null;
  /** The caller's last words. */
  readonly prompt: string;
  /** What is wrong with it for this model. */
  readonly check: (model: ModelProfile) => Refusal | null;
  readonly reply: (model: ModelProfile) => PricedReply | Refusal;
}

export const isRefusal = (value: object): value is Refusal => 'status' in value;

export function serveCall(exchange: Exchange, owner: KeyOwner, request: CheckedCall): void {
  const { state, call, face } = exchange;
  call.stream = request.stream;
  const model = state.models.get(request.model);
  if (model === undefined) {
    const told = refusedCall(exchange, owner, request);
    return refuse(exchange, owner, face.refusals.model_not_found(told, {}), 'model_not_found');
  }
  if (owner.models !== null && !owner.models.has(model.id)) {
    const told = refusedCall(exchange, owner, request);
    return refuse(exchange, owner, face.refusals.model_forbidden(told, {}), 'model_forbidden');
  }
  const wrong = request.check(model);
  if (wrong !== null) return refuse(exchange, owner, wrong, 'invalid_request');
  const subject = subjectOf(owner, model.id, request.stream);
  const { acting, shapes } = state.faults.plan('answer', subject, state.clock.now());
  if (acting === null && shapes.length === 0) {
    return deliver(exchange, answerOf(exchange, owner, model, request));
  }
  call.fault = (acting ?? shapes[0])?.fault ?? null;
  exchange.skewMs = skewIn(shapes);
  const told = refusedCall(exchange, owner, request);
  const refusal = acting === null ? null : faultRefusal(face, acting, told);
  if (refusal !== null) {
    call.refused = acting?.fault ?? null;
    const answer = refusalAnswer(exchange, refusal, stampedHeaders(exchange, owner));
    return deliverUnderFaults(exchange, disturbed(exchange, answer, shapes), acting, shapes);
  }
  const answer = answerOf(exchange, owner, lengthened(model, shapes), request);
  const inBand = acting === null ? answer : withInBandError(exchange, answer, acting, told);
  deliverUnderFaults(exchange, disturbed(exchange, inBand, shapes), acting, shapes);
}

const disturbed = (exchange: Exchange, answer: Answer, shapes: readonly FaultInput[]): Answer => ({
  ...answer,
  headers: disturbedHeaders(answer.headers, shapes, exchange.call.sequence),
});

/** A slow stream may ask for an answer of its own length. */
function lengthened(model: ModelProfile, shapes: readonly FaultInput[]): ModelProfile {
  const events = shapes.find((shape) => shape.fault === 'slow_stream')?.events;
  if (events === undefined) return model;
  return { ...model, answerText: undefined, answerWords: Math.max(1, events) };
}

/** The answer, or the refusal of a limiter or of empty funds. */
function answerOf(
  exchange: Exchange,
  owner: KeyOwner,
  model: ModelProfile,
  request: CheckedCall,
): Answer {
  const { call, face } = exchange;
  const priced = request.reply(model);
  const headers = stampedHeaders(exchange, owner);
  if (isRefusal(priced)) {
    call.refused = 'invalid_request';
    return refusalAnswer(exchange, priced, headers);
  }
  if (request.free === true) return framedAnswer(model, request, priced, headers);
  if (owner.funds.balanceMicros !== null && owner.funds.balanceMicros <= 0) {
    call.refused = 'quota_exhausted';
    const told = refusedCall(exchange, owner, request);
    return refusalAnswer(exchange, face.refusals.quota_exhausted(told, {}), headers);
  }
  const asked = { model, request, outputTokens: priced.outputTokens };
  const refused = takeLimits(exchange, owner, asked, headers);
  if (refused !== null) return refused;
  spend(owner, model, request.inputTokens, priced.outputTokens);
  priced.admitted?.();
  return framedAnswer(model, request, priced, [...(priced.headers ?? []), ...headers]);
}

/** Takes what the limits ask for and adds their headers; the refusal when one of them refuses. */
function takeLimits(
  exchange: Exchange,
  owner: KeyOwner,
  asked: {
    readonly model: ModelProfile;
    readonly request: CheckedCall;
    readonly outputTokens: number;
  },
  headers: string[],
): Answer | null {
  const { state, call, face } = exchange;
  const { model, request, outputTokens } = asked;
  const limits = state.limitsOf(owner, model);
  if (limits.length === 0) return null;
  const at = state.limiterAt();
  const fixed = model.chargeTokens;
  const inputTokens = fixed ?? request.inputTokens;
  // where no maximum is given, what will be produced
  const allowance = fixed === undefined ? (request.allowance ?? outputTokens) : 0;
  const admission = admitCall(limits, { inputTokens, allowance }, at);
  headers.push(...face.limitHeaders(limits, at, !admission.admitted));
  if (admission.admitted) {
    if (settlesLater(limits)) {
      const tokens = { input: inputTokens, output: fixed === undefined ? outputTokens : 0 };
      exchange.open = new OpenCharge(limits, tokens, () => state.limiterAt());
    }
    return null;
  }
  call.refused = `limit:${admission.dimension}`;
  const told = refusedCall(exchange, owner, request);
  return refusalAnswer(exchange, face.limitReached(told, admission), headers);
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

function framedAnswer(
  model: ModelProfile,
  request: CheckedCall,
  priced: PricedReply,
  headers: readonly string[],
): Answer {
  const { framed, body } = priced;
  const pace = {
    firstByteMs: model.firstByteMs ?? 0,
    eventIntervalMs: model.eventIntervalMs ?? 0,
  };
  const json = ['content-type', priced.type ?? 'application/json', ...headers];
  const whole = (): Answer => ({ status: 200, headers: json, body: body(), events: null, ...pace });
  if (framed === null) return whole();
  const streamed = (): Answer => {
    const events = framed.events();
    const { filler, streamType, inBand } = framed;
    const how = {
      filler,
      ...(streamType === undefined ? {} : { streamType }),
      ...(inBand === undefined ? {} : { inBand }),
    };
    return { status: 200, headers, body: '', events, ...how, ...pace };
  };
  return request.stream ? { ...streamed(), other: whole } : { ...whole(), other: streamed };
}

/** An error inside a 200: one event of the stream, after which it ends; or the whole body. */
function withInBandError(
  exchange: Exchange,
  answer: Answer,
  fault: FaultInput,
  told: Parameters<Exchange['face']['inBand']>[1],
): Answer {
  if (answer.status !== 200) return answer;
  if (fault.fault === 'error_body') {
    const json = answer.events === null ? [] : ['content-type', 'application/json'];
    const { body } = exchange.face.inBand(fault.code, told);
    return { ...answer, headers: [...json, ...answer.headers], body, events: null };
  }
  if (fault.fault !== 'error_event' || answer.events === null) return answer;
  const before = answer.events.slice(0, Math.min(fault.events ?? 0, answer.events.length - 1));
  const { body, event } = exchange.face.inBand(fault.code, told);
  const last = answer.inBand === undefined ? event : answer.inBand(body, before.length);
  return { ...answer, events: [...before, last] };
}
