import type { Candidate } from '@keywell/core/keys/plan';
import { maskProviderText } from '@keywell/core/secret/mask-provider-text';
import type { Exchange } from '../pipeline/exchange.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { answerHeaders } from './response-headers.ts';

/** A provider's answer that is the caller's to read. */
export interface ProviderAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly contentType: string;
}

/**
 * The provider's own explanation of what is wrong with the request, with its status; key material and organization ids in it are
 * masked. What is not JSON is not passed on.
 */
export function passThrough(
  exchange: Exchange,
  candidate: Candidate,
  answer: ProviderAnswer,
): PhaseResult {
  const { status, body, contentType } = answer;
  if (status < 400 || !contentType.toLowerCase().startsWith('application/json')) {
    return refuse(status >= 400 && status < 500 ? 'bad_request' : 'upstream_invalid');
  }
  const secret = candidate.key.value?.reveal();
  const text = maskProviderText(
    Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'),
    secret === undefined ? [] : [secret],
  );
  exchange.status = status;
  exchange.responseBytes = Buffer.byteLength(text);
  exchange.inbound.respond(
    status,
    [...answerHeaders(exchange, 'application/json', {}), 'x-should-retry', 'false'],
    text,
  );
  return 'done';
}
