import type { Candidate } from '@keywell/core/keys/plan';
import type { Reservation } from '@keywell/core/keys/reserve';
import type { TimelineEvent } from '@keywell/core/log/request-record';
import { editMembers } from '@keywell/wire/edit/members';
import { editRequest, editRequestApart } from '@keywell/wire/openai-chat/request';
import type { Continuation } from '../continuation/continuation.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { OutboundBody } from '../seam/outbound.ts';
import { VIA } from '../seam/via.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { requestFor } from '../translate/fitness.ts';
import { passedEndpoint } from '../passthrough/passed-call.ts';
import { Attempt } from './attempt.ts';
import { operationEndpoint } from './operation-endpoint.ts';
import {
  faceFor,
  targetOf,
  type TargetEndpoint,
  type TargetFace,
  type UpstreamTarget,
} from './upstream-target.ts';

/** A body with the model's name exchanged, and for which name. */
export interface EditedBody {
  readonly key: string;
  readonly body: OutboundBody;
  /** Names of members that the host would not have. */
  readonly dropped: readonly string[];
}

/** What making an attempt needs of the call: the dispatcher itself, so that nothing is made beside it for every request. */
export interface AttemptCall {
  readonly exchange: Exchange;
  readonly plane: Plane;
  readonly model: LiveModel;
  readonly deadlineAt: number;
  readonly continuation: Continuation | null;
  edited: EditedBody | null;
}

/** The chosen candidate, held. */
export interface Pick {
  readonly candidate: Candidate;
  readonly reservation: Reservation;
}

/** Why an attempt is made. */
export type Why = Extract<TimelineEvent, { kind: 'attempt' }>['why'];

/** What the host of a face wants otherwise than its dialect. */
function membersEdited(body: Uint8Array, face: TargetFace | null) {
  if (face === null || face.edit === null) return { body, dropped: NOTHING_DROPPED };
  return editMembers(body, face.edit, fromPool);
}

/** A request that no provider answers: better than one that starts an answer anew in the middle of a stream. */
const NOTHING = new Uint8Array(0);

/** More than this is not copied to be sent. */
const LARGE = 64 * 1024;

const NOTHING_DROPPED: readonly string[] = Object.freeze([]);

/** Memory for an edited body: written whole, and only as long-lived as its request. */
const fromPool = (length: number): Uint8Array => Buffer.allocUnsafe(length);

/**
 * Makes the request's next attempt at what was picked, and notes it. `onContent` is told when its first content has come, where it is
 * not the only attempt under way.
 */
export function makeAttempt(
  call: AttemptCall,
  { candidate, reservation }: Pick,
  why: Why,
  onContent: (() => void) | null,
): Attempt {
  const { exchange, plane, model } = call;
  const now = plane.clock.now();
  const target = targetOf(candidate, VIA);
  const face = faceOf(exchange, target);
  exchange.attempts += 1;
  noteServer(exchange, candidate);
  exchange.timeline.push({
    at: exchange.offset(now),
    kind: 'attempt',
    attempt: exchange.attempts,
    tier: candidate.tier,
    provider: candidate.provider.id,
    model: candidate.model,
    key: candidate.key.id,
    domain: candidate.domain,
    why,
  });
  const body = bodyFor(call, candidate, { target, face });
  return new Attempt(exchange, plane, {
    candidate,
    target,
    reservation,
    number: exchange.attempts,
    onContent,
    continuation: call.continuation,
    firstByteBy: firstByteBy(call, now),
    face,
    dropped: exchange.dropped,
    hideUsage: asksUsageUnasked(exchange, target) && !isTranslated(exchange, face),
    request: {
      origin: target.origin,
      ...endpointOf(exchange, target, { face, candidate }),
      method: exchange.asks?.method ?? 'POST',
      body,
      connectTimeoutMs: model.pool.connectTimeoutMs,
    },
  });
}

/** Remembers who serves, for the answer's head and the log. */
export function noteServer(exchange: Exchange, { provider, model, key }: Candidate): void {
  exchange.provider = provider.id;
  exchange.upstreamModel = exchange.asks?.kind === 'passed' ? null : model;
  exchange.key = key.id;
}

/** The deadline is for the first byte of the call: a stream that goes on elsewhere has had it. */
function firstByteBy({ model, continuation, deadlineAt }: AttemptCall, now: number): number {
  const by = now + model.pool.firstByteTimeoutMs;
  return continuation?.begun === true ? by : Math.min(by, deadlineAt);
}

function asksUsageUnasked({ facts }: Exchange, target: UpstreamTarget): boolean {
  return facts !== null && facts.stream && !facts.includeUsage && target.streamUsage;
}

/** In which dialect a conversation is held with a candidate; null for what is no conversation. */
function faceOf({ conversation }: Exchange, target: UpstreamTarget): TargetFace | null {
  return conversation === null ? null : faceFor(target, conversation);
}

/** Whether the provider hears the call in another dialect than the caller's. */
function isTranslated({ conversation }: Exchange, face: TargetFace | null): boolean {
  return face !== null && face.dialect !== conversation;
}

function endpointOf(
  exchange: Exchange,
  target: UpstreamTarget,
  { face, candidate }: { readonly face: TargetFace | null; readonly candidate: Candidate },
): TargetEndpoint {
  const { asks } = exchange;
  if (asks?.kind === 'passed') return passedEndpoint(asks, target, candidate.provider);
  if (face !== null && exchange.operation === 'count_tokens') return face.count ?? face.whole;
  if (face !== null) return exchange.streamed ? face.streamed : face.whole;
  return operationEndpoint(exchange, target, candidate.model);
}

/** The caller's bytes with the model's name exchanged, or what they say in the provider's dialect; the same for every key of a target. */
function bodyFor(
  call: AttemptCall,
  candidate: Candidate,
  { target, face }: { readonly target: UpstreamTarget; readonly face: TargetFace | null },
): OutboundBody | null {
  const { exchange, continuation } = call;
  const { body, facts, asks } = exchange;
  if (asks !== null) return asks.bodyFor(candidate.model);
  if (facts === null) return body;
  const addStreamUsage = asksUsageUnasked(exchange, target);
  if (continuation?.begun === true) {
    return continuation.bodyFor(candidate, addStreamUsage || facts.includeUsage) ?? NOTHING;
  }
  if (face !== null && isTranslated(exchange, face)) {
    const request = requestFor(exchange, { candidate, target, face });
    exchange.dropped = request.dropped;
    return request.body;
  }
  const key = `${candidate.model}\n${addStreamUsage}\n${candidate.provider.id}`;
  if (call.edited?.key !== key) {
    const edit = { model: candidate.model, addStreamUsage };
    // What its host wants otherwise is looked for in the whole; else a large body goes out in pieces, uncopied.
    const apart = body.byteLength > LARGE && (face === null || face.edit === null);
    call.edited = apart
      ? { key, body: editRequestApart(body, facts, edit), dropped: NOTHING_DROPPED }
      : { key, ...membersEdited(editRequest(body, facts, edit, fromPool), face) };
  }
  exchange.dropped = call.edited.dropped;
  return call.edited.body;
}
