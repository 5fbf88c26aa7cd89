import { createHash } from 'node:crypto';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, retryAfterHeaders } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import type { Claimed } from './claim-desk.ts';
import type { KeptAnswer } from './messages.ts';
import { RecordingInbound } from './recording-inbound.ts';

/**
 * Calls with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) are carried out once: a second one with the same key and
 * body waits for the first one's answer, or is given it again. Costs one comparison where it is off, and a look through the headers
 * where a call has none. May answer 400, 409, 422, or what was answered before.
 */
export function claimCall(exchange: Exchange, plane: Plane): PhaseResult | Promise<PhaseResult> {
  const { enabled } = exchange.live.head.idempotency;
  const consumer = exchange.consumer?.record.id;
  if (!enabled || consumer === undefined) return null;
  const key = idempotencyKeyIn(exchange.inbound.rawHeaders);
  if (key === null) return null;
  if (key === undefined) {
    return refuse('invalid_parameter', `An Idempotency-Key is one header of ${RULE}.`);
  }
  return claim(exchange, plane, hashOf(consumer, key));
}

async function claim(exchange: Exchange, plane: Plane, key: string): Promise<PhaseResult> {
  const { maxWaitMs, maxAnswerBytes } = exchange.live.head.idempotency;
  const fingerprint = hashOf(askedOf(exchange), exchange.body);
  const { result, leave } = plane.claims.claim({ key, fingerprint, maxWaitMs });
  exchange.running = { callerLeft: leave, callerReads: () => undefined };
  const startedAt = plane.clock.now();
  const claimed = await result;
  exchange.running = null;
  noteWait(exchange, plane, startedAt);
  if (claimed.kind !== 'yours') return answerClaimed(exchange, plane, claimed);
  plane.meter.add('idempotent', 1, 0);
  const held = { desk: plane.claims, key, claim: claimed.claim, maxAnswerBytes };
  const recording = new RecordingInbound(exchange.inbound, held);
  exchange.recording = recording;
  exchange.inbound = recording;
  return null;
}

/** What a call asks for beside its body. */
function askedOf({ operation, asks, path, query }: Exchange): string {
  return asks?.kind === 'passed' ? `${asks.method} ${path}?${query}` : operation;
}

/** A claim that nobody holds is answered within a millisecond; more than that was waiting for somebody's answer. */
const LEAST_WAIT_MS = 5;

function noteWait(exchange: Exchange, plane: Plane, startedAt: number): void {
  const now = plane.clock.now();
  const waitMs = now - startedAt;
  if (waitMs < LEAST_WAIT_MS) return;
  exchange.waitMs += waitMs;
  exchange.timeline.push({
    at: exchange.offset(now),
    kind: 'wait',
    waitMs: Math.round(waitMs * 10) / 10,
    why: 'for the call with the same Idempotency-Key',
  });
}

/** What became of calls, in the order in which the metric numbers them; `yours` is the first. */
const OUTCOMES = ['yours', 'replay', 'mismatch', 'in_progress', 'unknown'];

function answerClaimed(
  exchange: Exchange,
  plane: Plane,
  claimed: Exclude<Claimed, { kind: 'yours' }>,
): PhaseResult {
  if (claimed.kind === 'left') return 'done';
  plane.meter.add('idempotent', 1, OUTCOMES.indexOf(claimed.kind));
  switch (claimed.kind) {
    case 'replay':
      return replay(exchange, plane, claimed.answer);
    case 'mismatch':
      return refuse('idempotency_mismatch');
    case 'in_progress':
      return refuse('idempotency_in_progress', null, { headers: retryAfterHeaders(1000) });
    default:
      return refuse('idempotency_outcome_unknown', null, { headers: ['x-should-retry', 'false'] });
  }
}

function replay(exchange: Exchange, plane: Plane, answer: KeptAnswer): PhaseResult {
  const now = plane.clock.now();
  exchange.status = answer.status;
  exchange.firstByteAt = now;
  exchange.responseBytes = answer.body.byteLength;
  exchange.timeline.push({
    at: exchange.offset(now),
    kind: 'note',
    what: 'idempotent_replay',
    detail: `the answer to ${answer.requestId}`,
  });
  exchange.inbound.respond(
    answer.status,
    [
      ...answer.headers,
      'keywell-request-id',
      exchange.id,
      'keywell-idempotent-replay',
      'true',
      ...exchange.limitHeaders,
    ],
    // A socket takes no shared memory.
    Buffer.from(new Uint8Array(answer.body)),
  );
  return 'done';
}

const NAME = 'idempotency-key';
const MAX_LENGTH = 255;
const RULE = `1 to ${MAX_LENGTH} visible ASCII characters, bare or as a quoted string`;
/** A structured string (RFC 8941), as the draft wants it, or the same without its quotes, as callers send it. */
const QUOTED = /^"((?:[\u0020\u0021\u0023-\u005b\u005d-\u007e]|\\["\\]){1,255})"$/;
const BARE = /^[\u0021\u0023-\u007e]{1,255}$/;

/** Null without one; undefined when it is none, or when there are two. */
export function idempotencyKeyIn(rawHeaders: readonly string[]): string | null | undefined {
  let key: string | null = null;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length !== NAME.length || name.toLowerCase() !== NAME) continue;
    if (key !== null) return undefined;
    const value = rawHeaders[at + 1] ?? '';
    key = QUOTED.exec(value)?.[1] ?? (BARE.test(value) ? value : null);
    if (key === null) return undefined;
  }
  return key;
}

/** One hash over both, whose parts cannot run into each other: the first holds no zero byte. */
function hashOf(first: string, second: string | Uint8Array): string {
  return createHash('sha256').update(first).update('\0').update(second).digest('base64url');
}
