/**
 * Amazon Bedrock. Exceptions and their statuses: docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html; the
 * type stands in `x-amzn-errortype`; texts as replies quoted in public issues. No limits are told. How long to wait is not told either.
 */
import { USUAL_RULES } from '../limiter/model-limiter.ts';
import type { LimitRefusal } from '../limiter/model-limiter.ts';
import type { Face, RefusedCall, Stamp } from './face.ts';
import { LIMIT_WORDS } from './limit-words.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';

const TYPES: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  424: 'ModelErrorException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
  503: 'ServiceUnavailableException',
};

const typeOf = (status: number): string =>
  TYPES[status] ?? (status < 500 ? 'ValidationException' : 'InternalServerException');

/** A refusal with its exception's name. */
export const exception = (status: number, message: string, type = typeOf(status)): Refusal =>
  refusal(status, { message }, [
    'x-amzn-errortype',
    `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
  ]);

const THROTTLED = 'please wait before trying again.';

function limitReached(_: RefusedCall, limit: LimitRefusal): Refusal {
  const kind = LIMIT_WORDS[limit.dimension].type === 'requests' ? 'requests' : 'tokens';
  const day = limit.dimension.endsWith('_day') ? ' per day' : '';
  return exception(429, `Too many ${kind}${day}, ${THROTTLED}`);
}

const IN_BAND: Readonly<Record<string, string>> = {
  throttling_exception: `Too many tokens, ${THROTTLED}`,
  service_unavailable_exception: 'Bedrock is unable to process your request.',
  validation_exception: 'The model returned the following errors: Internal server error',
};

const edgeHeaders = ({ requestId: id }: Stamp): string[] => [
  'x-amzn-requestid',
  `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-a${id.slice(17, 20)}-${id.slice(20, 32)}`,
];

const INTERNAL =
  'The system encountered an unexpected error during processing. Try your request again.';
const DENIED = "You don't have access to the model with the specified model ID.";

export const bedrockFace: Face = {
  name: 'bedrock',
  // AWS takes max_tokens of the quota when a request begins (docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html)
  rules: USUAL_RULES,
  refusals: {
    account_deactivated: () =>
      exception(403, 'Your account is not authorized to invoke this API operation.'),
    dead_key: () =>
      exception(
        403,
        'The security token included in the request is invalid.',
        'UnrecognizedClientException',
      ),
    model_forbidden: () => exception(403, DENIED),
    model_not_found: () => exception(400, 'The provided model identifier is invalid.'),
    overloaded: () => exception(503, `Too many connections, ${THROTTLED}`),
    quota_exhausted: () =>
      exception(
        403,
        'Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided. Your AWS Marketplace subscription for this model cannot be completed at this time. If you recently fixed this issue, try again after 2 minutes.',
      ),
    region_blocked: () =>
      exception(
        400,
        'Access to Anthropic models is not allowed from unsupported countries, regions, or territories.',
      ),
    server_error: () => exception(500, INTERNAL),
    slow_down: () => exception(429, `Too many requests, ${THROTTLED}`),
    usage_limit: () => exception(429, `Too many tokens per day, ${THROTTLED}`),
  },
  unknownKey: (value) =>
    value === null
      ? exception(403, 'Missing Authentication Token', 'MissingAuthenticationTokenException')
      : exception(
          403,
          'The security token included in the request is invalid.',
          'UnrecognizedClientException',
        ),
  limitReached,
  errorBody: (_, { message }) => JSON.stringify({ message }),
  // the stream's own framing puts the exception's name beside it
  inBand: (code) => {
    const body = JSON.stringify({ message: IN_BAND[code ?? ''] ?? INTERNAL });
    return { body, event: `data: ${body}\n\n` };
  },
  edgeHeaders,
  accountHeaders: (_, stamp) => edgeHeaders(stamp),
  limitHeaders: () => [],
};
