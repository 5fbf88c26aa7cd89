import type { Candidate } from '@keywell/core/keys/plan';
import { maskBillingText } from '@keywell/core/secret/mask-billing-text';
import { maskProviderText } from '@keywell/core/secret/mask-provider-text';
import { readCredential, secretsOfCredential } from '@keywell/providers/compatible/credential';
import { readErrorBody } from '@keywell/providers/compatible/error-body';
import { errorWriterFor } from '../endpoints/caller-errors.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { VIA } from '../seam/via.ts';
import { answerHeaders } from './response-headers.ts';
import { faceFor, targetOf } from './upstream-target.ts';

/** A provider's answer that is the caller's to read. */
export interface ProviderAnswer {
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
  candidate: Candidate,
  answer: ProviderAnswer,
): PhaseResult {
  const { status, body, contentType } = answer;
  const speaksOwn = isOwnDialect(exchange, candidate);
  if (status < 400 || status >= 500) return refuse('upstream_invalid');
  const said = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const json = contentType.toLowerCase().startsWith('application/json');
  const shown = json ? inCallersDialect(exchange, { said, status, own: speaksOwn }) : null;
  if (shown === null) {
    return refuse(
      'invalid_parameter',
      `The provider refused the request with status ${status} and gave no reason that can be shown.`,
      { headers: ['x-should-retry', 'false'] },
    );
  }
  if (exchange.begun) return refuse('invalid_parameter', IN_STREAM);
  const text = maskBillingText(maskProviderText(shown, secretsOf(candidate)));
  exchange.status = status;
  exchange.responseBytes = Buffer.byteLength(text);
  exchange.inbound.respond(
    status,
    [...answerHeaders(exchange, 'application/json', () => undefined), 'x-should-retry', 'false'],
    text,
  );
  return 'done';
}

/** Whether the provider was spoken to in the caller's own dialect. */
function isOwnDialect({ conversation }: Exchange, candidate: Candidate): boolean {
  if (conversation === null) return true;
  return faceFor(targetOf(candidate, VIA), conversation)?.dialect === conversation;
}

/** What must not reach a caller, whatever it looks like. */
function secretsOf(candidate: Candidate): string[] {
  const { key, provider } = candidate;
  const value = key.value?.reveal();
  const { live, vendor } = targetOf(candidate, VIA);
  const reading = live && value !== undefined ? readCredential(value, vendor.credentials) : null;
  const parts = reading?.ok === true ? secretsOfCredential(reading.credential) : [];
  const headers = (provider.headers ?? []).map((header) => header.value.reveal());
  return [value, ...parts, key.organization, key.project, ...headers].filter(
    (secret) => secret !== undefined && secret !== null,
  );
}

/**
 * As it came where it is an error as the caller's dialect writes one; other shapes (another dialect's, Google's array, a bare text) are
 * put into that one. Null where it is no JSON, or says nothing.
 */
function inCallersDialect(
  exchange: Exchange,
  { said, status, own }: { readonly said: string; readonly status: number; readonly own: boolean },
): string | null {
  let parsed: { readonly error?: { readonly message?: unknown } | null } | null;
  try {
    parsed = JSON.parse(said);
  } catch {
    return null;
  }
  if (own && typeof parsed?.error?.message === 'string') return said;
  const { message } = readErrorBody(said);
  return message === '' ? null : errorWriterFor(exchange).renderForeignError(message, status);
}
