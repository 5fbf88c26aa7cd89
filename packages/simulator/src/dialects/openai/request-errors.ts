/**
 * What OpenAI's API says of requests that are wrong, whoever's face the provider has. Texts and codes: platform.openai.com/docs/guides/
 * error-codes and replies quoted in public issues.
 */
import type { ErrorFields, Refusal } from '../../faces/refusal.ts';

const INVALID = 'invalid_request_error';

const wrong = (status: number, fields: ErrorFields, headers: readonly string[] = []): Refusal => ({
  status,
  body: fields,
  headers,
});

/** 400 for a request that is wrong. */
export function badRequest(
  message: string,
  param: string | null = null,
  code: string | null = null,
): Refusal {
  return wrong(400, { message, type: INVALID, param, code });
}

export function unknownUrl(method: string, path: string): Refusal {
  const message = `Invalid URL (${method} ${path})`;
  return wrong(404, { message, type: INVALID, param: null, code: null });
}

export function wrongMethod(method: string, path: string, allow: string): Refusal {
  const message = `Not allowed to ${method} on ${path}. (HINT: Perhaps you meant to use a different HTTP method?)`;
  const fields = { message, type: INVALID, param: null, code: 'method_not_supported' };
  return wrong(405, fields, ['allow', allow]);
}

export function bodyTooLarge(limitBytes: number): Refusal {
  const message = `Request body is larger than ${limitBytes} bytes.`;
  return wrong(413, { message, type: INVALID, param: null, code: 'request_too_large' });
}

export const malformedJson = (): Refusal =>
  badRequest(
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble figuring out how to fix this, please contact us through our help center at help.openai.com.)",
  );

/** `openai-organization` or `openai-project` of the request is not the key's own. */
export const mismatched = (what: 'Organization' | 'Project'): Refusal =>
  wrong(401, {
    message: `OpenAI-${what} header should match ${what.toLowerCase()} for API key`,
    type: INVALID,
    param: null,
    code: `mismatched_${what.toLowerCase()}`,
  });
