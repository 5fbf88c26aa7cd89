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

/** The provider's text is no event of a stream, and its status can no longer be sent. */
const IN_STREAM = 'The provider refused the request.';

/**
 * The provider's own explanation of what is wrong with the request, with its status; key material and organization ids in it are
 * masked. What is not JSON, or was so long that it was cut, is not passed on.
 */
export function passThrough(
  exchange: Exchange,
  candidate: Candidate,
  answer: ProviderAnswer,
): PhaseResult {
  const { status, body, contentType } = answer;
  if (status < 400 || status >= 500) return refuse('upstream_invalid');
  const said = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  if (!contentType.toLowerCase().startsWith('application/json') || !isJson(said)) {
    return refuse(
      'invalid_parameter',
      `The provider refused the request with status ${status} and gave no reason that can be shown.`,
      { headers: ['x-should-retry', 'false'] },
    );
  }
  const secret = candidate.key.value?.reveal();
  const text = maskProviderText(said, secret === undefined ? [] : [secret]);
  if (exchange.begun) return refuse('invalid_parameter', IN_STREAM);
  exchange.status = status;
  exchange.responseBytes = Buffer.byteLength(text);
  exchange.inbound.respond(
    status,
    [...answerHeaders(exchange, 'application/json', () => undefined), 'x-should-retry', 'false'],
    text,
  );
  return 'done';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
