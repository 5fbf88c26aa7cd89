import type { AdminRoute } from '@keywell/contract/admin/admin-route';
import type { ErrorCode } from '@keywell/core/errors/catalogue';
import type { z } from 'zod';
import type { Problem } from '../configuration/problem.ts';

/** Who asks, for the audit trail. */
export interface Caller {
  readonly requestId: string;
  readonly actor: string;
  /** Address of the peer; empty when it is not known. */
  readonly address: string;
}

/** A refusal: an expected outcome, answered as a problem. */
export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly problems?: readonly Problem[];
}

export type Answer<T> = { readonly ok: true; readonly value: T } | Refusal;

export interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
}

/** A route of the contract with the function that serves it; the types of the contract hold inside `handle` only. */
export interface BoundRoute {
  readonly route: AdminRoute;
  readonly handle: (input: RouteInput<unknown, unknown, unknown>) => Promise<Answer<unknown>>;
}

/** Binds a route of the contract to its handler. What arrives is parsed by the route's schemas here, once. */
export function bindRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Response extends z.ZodType,
>(
  route: AdminRoute<Params, Query, Body, Response>,
  handle: (
    input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Answer<z.input<Response>>>,
): BoundRoute {
  return {
    route,
    handle: async (input) => {
      const params = route.params.safeParse(input.params);
      const query = route.query.safeParse(input.query);
      const body = route.body.safeParse(input.body);
      if (!params.success || !query.success || !body.success)
        return refuse([params, query, body].flatMap((each) => each.error?.issues ?? []));
      const answer = await handle({
        params: params.data,
        query: query.data,
        body: body.data,
        caller: input.caller,
      });
      // only what the contract names leaves the process
      return answer.ok ? { ok: true, value: route.response.parse(answer.value) } : answer;
    },
  };
}

function refuse(issues: readonly z.core.$ZodIssue[]): Refusal {
  const problems = issues.map(toProblem);
  const detail = problems
    .slice(0, 5)
    .map((each) => (each.path === '' ? each.message : `${each.path}: ${each.message}`))
    .join('; ');
  return { ok: false, code: 'invalid_parameter', detail, problems };
}

function toProblem(issue: z.core.$ZodIssue): Problem {
  const path = issue.path.map(String).join('.');
  return { file: '', line: 0, column: 0, path, message: issue.message, hint: '' };
}
