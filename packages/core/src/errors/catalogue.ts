/**
 * Every error the product can answer with: one row a code. The data plane renders it in the caller's dialect, the control plane as
 * RFC 9457 problem+json; docs/reference/errors.md is generated from this table.
 */
export interface ErrorRow {
  readonly status: number;
  /** `error.type` in the OpenAI dialect. */
  readonly openaiType: string;
  readonly title: string;
  /** What would be right. */
  readonly hint: string;
}

const row = (status: number, openaiType: string, title: string, hint: string): ErrorRow =>
  Object.freeze({ status, openaiType, title, hint });

const BAD = 'invalid_request_error';

/** The hint of errors that a `retry-after` header goes with, where one is known. */
export const AS_TOLD = 'Wait as Retry-After says.';

export const ERRORS = Object.freeze({
  bad_request: row(
    400,
    BAD,
    'The request is not valid HTTP.',
    'Send a well-formed HTTP/1.1 request.',
  ),
  malformed_json: row(400, BAD, 'The body is not valid JSON.', 'Send one JSON object in UTF-8.'),
  json_limits: row(
    400,
    BAD,
    'The JSON body is beyond what is read.',
    'At most 64 levels, 10,000 keys an object, 500,000 in all, no key twice.',
  ),
  invalid_parameter: row(
    400,
    BAD,
    'A parameter has a value of the wrong kind.',
    'See the message for what is expected.',
  ),
  missing_parameter: row(
    400,
    BAD,
    'A required parameter is missing.',
    'See the message for its name.',
  ),
  request_exceeds_limits: row(
    400,
    BAD,
    'The request is larger than any limit of this pool.',
    'Send less, or ask for a higher limit.',
  ),
  no_capable_model: row(
    400,
    BAD,
    'No model behind this name can take this request.',
    'See the message for what they cannot do, or ask for another model.',
  ),
  object_out_of_reach: row(
    400,
    BAD,
    'What the request refers to is kept where this model cannot reach it.',
    'Make it anew with the header keywell-model naming the model, or ask for the model it was made with.',
  ),
  conflicting_credentials: row(
    400,
    BAD,
    'The request carries two different credentials.',
    'Send one key, in one place.',
  ),
  missing_credentials: row(
    401,
    'authentication_error',
    'No API key was given.',
    'Send "Authorization: Bearer kw_…".',
  ),
  invalid_credentials: row(
    401,
    'authentication_error',
    'The API key is not known here.',
    'Check the key, or ask for a new one.',
  ),
  budget_exhausted: row(
    402,
    'insufficient_quota',
    "This consumer's budget is used up.",
    'Ask the operator of this gateway for more, or wait for the next period.',
  ),
  price_unknown: row(
    403,
    'permission_error',
    'This consumer has a budget, and the price of a target of this model is not known.',
    'Ask the operator of this gateway to write the price of every target of its pool.',
  ),
  consumer_disabled: row(
    403,
    'permission_error',
    'This consumer is disabled.',
    'Ask the operator of this gateway.',
  ),
  model_not_allowed: row(
    403,
    'permission_error',
    'This key may not call that model.',
    'Ask for access, or list what is allowed at /v1/models.',
  ),
  permission_denied: row(
    403,
    'permission_error',
    'This credential may not do that.',
    'Use one that has the permission named in the message.',
  ),
  not_found: row(
    404,
    BAD,
    'There is nothing at this path.',
    'See the list of endpoints in the documentation.',
  ),
  model_not_found: row(
    404,
    BAD,
    'There is no such model here.',
    'List what there is at /v1/models.',
  ),
  object_not_found: row(
    404,
    BAD,
    'There is no such file, batch or response here.',
    'Only what was made through this gateway with keys of the same consumer can be used.',
  ),
  method_not_allowed: row(
    405,
    BAD,
    'This path does not take that method.',
    'See the allow header.',
  ),
  request_timeout: row(
    408,
    BAD,
    'The request did not arrive in time.',
    'Send head and body without pausing.',
  ),
  conflict: row(409, BAD, 'Something of this name is there already.', 'Choose another name.'),
  idempotency_in_progress: row(
    409,
    BAD,
    'A call with this Idempotency-Key is still being answered.',
    'Send it again a little later, with the same key and body.',
  ),
  idempotency_outcome_unknown: row(
    409,
    BAD,
    'The call with this Idempotency-Key may have been carried out, and its answer cannot be given again.',
    'Use a new key to have it carried out once more.',
  ),
  payload_too_large: row(
    413,
    BAD,
    'The body is larger than this gateway takes.',
    'Send a smaller body.',
  ),
  uri_too_long: row(414, BAD, 'The request target is too long.', 'Use a shorter path and query.'),
  unsupported_media_type: row(
    415,
    BAD,
    'The content type or encoding is not supported.',
    'Send the content type that the path takes, not compressed.',
  ),
  expectation_failed: row(
    417,
    BAD,
    'The expectation is not supported.',
    'Only "Expect: 100-continue" is.',
  ),
  host_not_allowed: row(
    421,
    BAD,
    'This listener is not known by that host name.',
    'Use a loopback address, or allow the name at the start.',
  ),
  configuration_refused: row(
    422,
    BAD,
    'The configuration has problems and was refused whole.',
    'Correct what is listed; what ran before stays in force.',
  ),
  idempotency_mismatch: row(
    422,
    BAD,
    'This Idempotency-Key was used for another request.',
    'Use a key of its own for every request.',
  ),
  headers_too_large: row(
    431,
    BAD,
    'There are too many or too large headers.',
    'Send fewer headers.',
  ),
  rate_limit_exceeded: row(429, 'requests', 'This consumer is over its rate limit.', AS_TOLD),
  pool_exhausted: row(
    429,
    'requests',
    'Every key that could serve this call is out of capacity.',
    AS_TOLD,
  ),
  caller_left: row(499, BAD, 'The caller left before the answer.', 'Nothing to do.'),
  internal_error: row(
    500,
    'server_error',
    'The gateway failed.',
    'Report the request id to its operator.',
  ),
  not_implemented: row(501, BAD, 'This is not supported.', 'See the documentation.'),
  upstream_error: row(502, 'server_error', 'The provider failed.', 'Try again later.'),
  upstream_invalid: row(
    502,
    'server_error',
    'The provider sent something that is not an answer.',
    'Try again later.',
  ),
  pool_unavailable: row(
    503,
    'server_error',
    'No key can serve this call at the moment.',
    'Try again later.',
  ),
  overloaded: row(503, 'server_error', 'The gateway is at its capacity.', AS_TOLD),
  upstream_timeout: row(
    504,
    'server_error',
    'The provider did not answer in time.',
    'Try again later.',
  ),
  loop_detected: row(
    508,
    BAD,
    'The request came back to this gateway.',
    'Do not point a provider at the gateway itself.',
  ),
} satisfies Record<string, ErrorRow>);

export type ErrorCode = keyof typeof ERRORS;
