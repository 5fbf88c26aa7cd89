import type { FailureRule, RuleVerdict } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import {
  CALLER,
  CLOCK,
  DAILY,
  DEAD,
  EXPIRED,
  FORBIDDEN,
  FUNDS,
  OVERLOADED,
  REQUESTS_WINDOW,
  SLOW_DOWN,
  TOKENS_WINDOW,
  TRANSIENT,
  WINDOW,
} from '../compatible/verdicts.ts';

/**
 * AWS names an exception in a header (`ThrottlingException:http://internal…`), or in the body as `__type` (`namespace#Name`) or
 * `code`. What it says beside that is in `message`.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
 */
function on(
  name: string,
  exceptions: readonly string[],
  verdict: RuleVerdict,
  more: Pick<FailureRule, 'message' | 'status'> = {},
): readonly FailureRule[] {
  const any = `(?:${exceptions.join('|')})(?![A-Za-z])`;
  const inBody = new RegExp(`^(?:[\\w.]{1,100}#)?${any}`, 'i');
  return [
    {
      name: `aws-${name}-header`,
      ...more,
      header: { name: 'x-amzn-errortype', like: new RegExp(`^${any}`, 'i') },
      verdict,
    },
    { name: `aws-${name}-type`, ...more, field: { at: '__type', like: inBody }, verdict },
    { name: `aws-${name}-code`, ...more, field: { at: 'code', like: inBody }, verdict },
    { name: `aws-${name}-error-code`, ...more, field: { at: 'error.code', like: inBody }, verdict },
  ];
}

const THROTTLED = ['ThrottlingException', 'TooManyRequestsException', 'Throttling'];
const SIGNATURE = ['InvalidSignatureException', 'SignatureDoesNotMatch'];
const REFUSED = [200, 403, 429] as const;

const RULES: readonly FailureRule[] = [
  ...on('payment-instrument', ['AccessDeniedException'], FUNDS, {
    status: REFUSED,
    message: /^Model access is denied due to INVALID_PAYMENT_INSTRUMENT\b/,
  }),
  // when a day's quota begins anew is not documented
  ...on(
    'tokens-day',
    THROTTLED,
    { ...DAILY, dimension: 'tokens_day' },
    {
      status: REFUSED,
      message: /^Too many tokens per day\b/,
    },
  ),
  ...on('tokens', THROTTLED, TOKENS_WINDOW, {
    status: REFUSED,
    message: /^Too many tokens, please wait\b/,
  }),
  ...on('requests', THROTTLED, REQUESTS_WINDOW, {
    status: REFUSED,
    message: /^Too many requests, please wait\b/,
  }),
  ...on('throttled', THROTTLED, SLOW_DOWN),
  ...on('service-quota', ['ServiceQuotaExceededException'], WINDOW),
  // session tokens of STS: refreshed once by whoever wrote them
  ...on('expired', ['ExpiredTokenException', 'ExpiredToken'], EXPIRED),
  ...on('clock', ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'], CLOCK),
  ...on('signature-clock', SIGNATURE, CLOCK, {
    status: [403],
    message: /^Signature (?:expired|not yet current)\b/,
  }),
  ...on(
    'credential',
    [
      'UnrecognizedClientException',
      'UnrecognizedClient',
      'InvalidClientTokenId',
      'IncompleteSignature(?:Exception)?',
      'MissingAuthenticationToken(?:Exception)?',
      ...SIGNATURE,
    ],
    DEAD,
  ),
  ...on('access', ['AccessDeniedException', 'ResourceNotFoundException'], FORBIDDEN),
  ...on('not-ready', ['ModelNotReadyException', 'ServiceUnavailableException'], OVERLOADED),
  ...on(
    'model-error',
    [
      'ModelErrorException',
      'ModelTimeoutException',
      'ModelStreamErrorException',
      'InternalServerException',
    ],
    TRANSIENT,
  ),
  ...on('validation', ['ValidationException'], CALLER),
];

/** The table of `bedrock`. */
export const BEDROCK_FAILURES: readonly FailureRule[] = Object.freeze([
  ...RULES,
  ...COMPATIBLE_FAILURES,
]);
