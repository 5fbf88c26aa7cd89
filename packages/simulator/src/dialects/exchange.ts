/** The beginning of every call, whatever its dialect: counted, stamped, its body read, and the refusals that come before an answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cut, deliver, deliverUnderFaults } from '../behaviour/deliver.ts';
import type { FaultSubject } from '../behaviour/fault-board.ts';
import { failed } from '../behaviour/pace.ts';
import type { Face, RefusedCall } from '../faces/face.ts';
import { faultRefusal } from '../faces/fault-refusals.ts';
import { JSON_TYPE } from '../faces/refusal.ts';
import type { Refusal } from '../faces/refusal.ts';
import type { KeyOwner, ProviderState } from '../provider-state.ts';
import type { Answer, Exchange } from './dialect.ts';

const MAX_BODY = 32 * 1024 * 1024;

export interface Opening {
  readonly state: ProviderState;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly face: Face;
  /** The dialect spoken, as the call log names it. */
  readonly dialect: string;
  readonly owner: KeyOwner | null;
  readonly operation: string;
  readonly deployment?: string | null;
}

/** Counts the call and sees to its end. Null when a fault has cut the connection. */
export function openExchange(opening: Opening): Exchange | null {
  const { state, request, response, path, face, dialect, owner, operation } = opening;
  const call = state.calls.begin(owner, operation, dialect);
  const requestId = state.random.hex(32);
  const exchange: Exchange = {
    state,
    request,
    response,
    call,
    path,
    face,
    deployment: opening.deployment ?? null,
    requestId,
    open: null,
    skewMs: 0,
  };
  response.once('close', () => {
    if (!response.writableFinished && state.closing) call.cut = true;
    if (!response.writableFinished && !call.cut) call.aborted = true;
    exchange.open?.end();
    state.calls.end(call);
  });
  const subject = subjectOf(owner, null, false);
  const connect = state.faults.plan('connect', subject, state.clock.now());
  if (connect.acting === null) return exchange;
  call.fault = connect.acting.fault;
  cut(exchange);
  return null;
}

export const subjectOf = (
  owner: KeyOwner | null,
  model: string | null,
  stream: boolean,
): FaultSubject => ({
  key: owner?.alias ?? null,
  organization: owner?.organization ?? null,
  project: owner?.project ?? null,
  model,
  stream,
});

/** The face's headers, and the simulator's own date, which absolute instants are to be read against. */
export function stampedHeaders(exchange: Exchange, owner: KeyOwner | null): string[] {
  const { face, state, call, requestId } = exchange;
  const stamp = { requestId, elapsedMs: state.clock.now() - call.startedMs };
  const headers = owner === null ? face.edgeHeaders(stamp) : face.accountHeaders(owner, stamp);
  headers.push('date', state.httpDate());
  return headers;
}

/** A refusal as an answer, in the body of the call's face; the sender's headers are added to its own. */
export function refusalAnswer(
  exchange: Exchange,
  refusal: Refusal,
  headers: readonly string[],
): Answer {
  const { status, body } = refusal;
  const whole = typeof body === 'string';
  return {
    status,
    headers: [...(whole ? [] : JSON_TYPE), ...refusal.headers, ...headers],
    body: whole ? body : exchange.face.errorBody(status, body, exchange.requestId),
    events: null,
    firstByteMs: 0,
    eventIntervalMs: 0,
  };
}

/** Answers with a JSON value, at no cost. */
export function sendJson(exchange: Exchange, owner: KeyOwner, value: unknown): void {
  deliver(exchange, {
    status: 200,
    headers: [...JSON_TYPE, ...stampedHeaders(exchange, owner)],
    body: JSON.stringify(value, null, 2),
    events: null,
    firstByteMs: 0,
    eventIntervalMs: 0,
  });
}

/** Refuses a call and notes why. A refused key has no account that the answer could name. */
export function refuse(
  exchange: Exchange,
  owner: KeyOwner | null,
  refusal: Refusal,
  reason: string,
): void {
  exchange.call.refused = reason;
  deliver(exchange, refusalAnswer(exchange, refusal, stampedHeaders(exchange, owner)));
}

export function refusedCall(
  exchange: Exchange,
  owner: KeyOwner,
  asked: { readonly model: string; readonly prompt?: string; readonly allowance?: number | null },
): RefusedCall {
  const at = exchange.state.clock.wallNow();
  return {
    account: owner,
    model: asked.model,
    prompt: asked.prompt ?? '',
    allowance: asked.allowance ?? null,
    requestId: exchange.requestId,
    at,
    clockAt: at + exchange.skewMs,
  };
}

/** Answers for a fault that killed the key; true when it did. */
export function refusedCredential(
  exchange: Exchange,
  owner: KeyOwner,
  model: string | null,
): boolean {
  const { state, call, face } = exchange;
  const plan = state.faults.plan('credential', subjectOf(owner, model, false), state.clock.now());
  if (plan.acting === null) return false;
  const refusal = faultRefusal(
    face,
    plan.acting,
    refusedCall(exchange, owner, { model: model ?? '' }),
  );
  if (refusal === null) return false;
  call.fault = plan.acting.fault;
  call.refused = plan.acting.fault;
  const answer = refusalAnswer(exchange, refusal, stampedHeaders(exchange, null));
  deliverUnderFaults(exchange, answer, plan.acting, []);
  return true;
}

/** Reads the request's body. One that is too large is refused with `tooLarge`. */
export function readBody(
  exchange: Exchange,
  owner: KeyOwner,
  tooLarge: (limitBytes: number) => Refusal,
  done: (body: Uint8Array) => void,
): void {
  const { request, response } = exchange;
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes <= MAX_BODY) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.on('end', () => {
    if (response.destroyed) return;
    if (bytes > MAX_BODY) return refuse(exchange, owner, tooLarge(MAX_BODY), 'invalid_request');
    const [only] = chunks;
    try {
      done(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    } catch (error) {
      failed(response, error);
    }
  });
  // a request that breaks off has no answer; the response's close ends the call
  request.on('error', () => response.destroy());
}
