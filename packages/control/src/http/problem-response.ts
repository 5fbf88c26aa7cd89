import type { AdminProblem } from '@keywell/contract/admin/admin-schemas';
import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';
import type { Problem } from '../configuration/problem.ts';

/** An error as RFC 9457 problem+json. */
export function problemResponse(
  error: {
    readonly code: ErrorCode;
    readonly detail: string;
    readonly problems?: readonly Problem[];
  },
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const row = ERRORS[error.code];
  const problem: AdminProblem = {
    type: `urn:keywell:error:${error.code}`,
    title: row.title,
    status: row.status,
    detail: error.detail === '' ? row.hint : error.detail,
    code: error.code,
    request_id: requestId,
    ...(error.problems === undefined ? {} : { problems: [...error.problems] }),
  };
  return new Response(`${JSON.stringify(problem)}\n`, {
    status: row.status,
    headers: { ...headers, 'content-type': 'application/problem+json' },
  });
}
