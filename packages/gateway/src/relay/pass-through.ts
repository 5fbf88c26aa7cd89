import type { Candidate } from '@keywell/core/keys/plan';
import type { Verdict } from '@keywell/core/keys/verdict';
import { readErrorBody } from '@keywell/providers/compatible/error-body';
import { errorWriterFor } from '../endpoints/caller-errors.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { VIA } from '../seam/via.ts';
import { maskFor, maskStrings, type Mask } from './mask-for.ts';
import { answerHeaders } from './response-headers.ts';
import { faceFor, targetOf } from './upstream-target.ts';

/** A provider's answer that is the caller's to read. */
export interface ProviderAnswer {
  readonly verdict: Pick<Verdict, 'class'>;
  readonly status: number;
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** The provider's text is no event of a stream, and its status can no longer be sent. */
const IN_STREAM = 'The provider refused the request.';

/**
 * The provider's own explanation of what is wrong with the request, with its status; key material, account ids and what it says
 * of the account's money are masked. What says nothing in JSON, or was so long that it was cut, is not passed on.
 */
export function passThrough(
  exchange: Exchange,
  plane: Pick<Plane, 'credentials'>,
  candidate: Candidate,
  answer: ProviderAnswer,
): PhaseResult {
  const { status, body, contentType, verdict } = answer;
  if (status < 400 || status >= 500) return refuse('upstream_invalid');
  const own = isOwnDialect(exchange, candidate);
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const mask = maskFor(plane, candidate);
  const json = contentType.toLowerCase().startsWith('application/json');
  const shown = json ? inCallersDialect(exchange, { text, status, own }, mask) : null;
  if (shown === null) {
    return refuse(
      // Nobody who has not said so has found a fault in the request.
      verdict.class === 'caller_fault' ? 'invalid_parameter' : 'upstream_error',
      `The provider refused the request with status ${status} and gave no reason that can be shown.`,
      { headers: ['x-should-retry', 'false'] },
    );
  }
  if (exchange.begun) return refuse('invalid_parameter', IN_STREAM);
  const told = mask(shown);
  exchange.status = status;
  exchange.responseBytes = Buffer.byteLength(told);
  exchange.inbound.respond(
    status,
    [...answerHeaders(exchange, 'application/json', () => undefined), 'x-should-retry', 'false'],
    told,
  );
  return 'done';
}

/** Whether the provider was spoken to in the caller's own dialect. */
function isOwnDialect({ conversation }: Exchange, candidate: Candidate): boolean {
  if (conversation === null) return true;
  return faceFor(targetOf(candidate, VIA), conversation)?.dialect === conversation;
}

/**
 * As it came where it is an error as the caller's dialect writes one; other shapes (another dialect's, Google's array, a bare text) are
 * put into that one. Null where it is no JSON, or says nothing.
 */
function inCallersDialect(
  exchange: Exchange,
  said: { readonly text: string; readonly status: number; readonly own: boolean },
  mask: Mask,
): string | null {
  try {
    const parsed: { readonly error?: { readonly message?: unknown } | null } | null = JSON.parse(
      said.text,
    );
    if (said.own && typeof parsed?.error?.message === 'string') return maskStrings(said.text, mask);
  } catch {
    return null;
  }
  const { message } = readErrorBody(said.text);
  if (message === '') return null;
  return errorWriterFor(exchange).renderForeignError(mask(message), said.status);
}
