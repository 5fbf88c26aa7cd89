import {
  ADMIN_BASE,
  type AdminRoute,
  type InputOf,
  NO_BODY,
  type OutputOf,
  type Schema,
} from '@keywell/contract/admin/admin-route';
import { type AdminProblem, problemSchema } from '@keywell/contract/admin/admin-schemas';
import { ERRORS } from '@keywell/core/errors/catalogue';
import type { Secret } from '@keywell/core/secret/secret';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { clean } from '../render/clean.ts';
import { renderProblem } from '../render/problems.ts';

const DEADLINE_MS = 30_000;

export interface AdminCall<Params, Query, Body> {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
}

/** Speaks the admin API. Everything but success ends in a CliError. */
export class AdminClient {
  readonly #url: string;
  readonly #token: Secret;

  constructor(url: string, token: Secret) {
    this.#url = adminUrl(url);
    this.#token = token;
  }

  async call<
    Params extends Schema,
    Query extends Schema,
    Body extends Schema,
    Response extends Schema,
  >(
    route: AdminRoute<Params, Query, Body, Response>,
    { params, query, body }: AdminCall<InputOf<Params>, InputOf<Query>, InputOf<Body>> = {},
  ): Promise<OutputOf<Response>> {
    const response = await this.#send(route, {
      path: fillPath(route.path, params),
      search: searchOf(query),
      body: takesBody(route) ? JSON.stringify(body ?? {}) : null,
    });
    const text = await response.text().catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    const value = parseJson(text);
    if (!response.ok) throw this.#refused(response.status, value);
    const parsed = route.response.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new CliError(EXIT.failed, `${this.#url} answers, but not as this version expects.`, {
      hint: 'Is it Keywell, and of the same version as this command?',
    });
  }

  async #send(
    route: Pick<AdminRoute, 'method'>,
    { path, search, body }: { path: string; search: string; body: string | null },
  ): Promise<Response> {
    try {
      return await fetch(`${this.#url}${ADMIN_BASE}${path}${search}`, {
        method: route.method,
        redirect: 'error',
        signal: AbortSignal.timeout(DEADLINE_MS),
        headers: {
          authorization: `Bearer ${this.#token.reveal()}`,
          ...(body === null ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === null ? {} : { body }),
      });
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): CliError {
    return new CliError(
      EXIT.unreachable,
      `The gateway does not answer at ${this.#url} (${reasonOf(error)}).`,
      { hint: 'Is it running? "keywell start" starts it, --admin-url names another address.' },
    );
  }

  #refused(status: number, value: unknown): CliError {
    const parsed = problemSchema.safeParse(value);
    if (!parsed.success)
      return new CliError(EXIT.failed, `${this.#url} answered ${status}, and not as Keywell does.`);
    const problem = parsed.data;
    const lines = (problem.problems ?? []).map((each) => renderProblem('error', each));
    const hint =
      problem.code === 'invalid_credentials'
        ? 'The token in the data folder is that of another installation; name the right folder with --data.'
        : '';
    return new CliError(exitCodeOf(problem), clean(summaryOf(problem)), {
      hint,
      lines,
    });
  }
}

/** Nothing is said twice: the places say what the detail sums up, and what is not there is more than a path. */
function summaryOf({ title, detail, code, problems = [] }: AdminProblem): string {
  if (code === 'not_found' && detail !== ERRORS.not_found.hint) return detail;
  return code === 'invalid_parameter' && problems.length > 0 ? title : `${title} ${detail}`;
}

function exitCodeOf({ status, code }: AdminProblem): number {
  if (status === 401 || status === 403) return EXIT.unauthorized;
  if (code === 'invalid_parameter') return EXIT.usage;
  return code === 'configuration_refused' ? EXIT.refused : EXIT.failed;
}

const takesBody = (route: Pick<AdminRoute, 'body'>): boolean => route.body !== NO_BODY;

const badAddress = (): CliError =>
  new CliError(EXIT.usage, '--admin-url is not an http(s) address.', {
    hint: 'Write it as http://127.0.0.1:8081.',
  });

/** The address without a trailing slash. The token goes there, so plain HTTP is for this machine only. */
function adminUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw badAddress();
  const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !local)
    throw new CliError(EXIT.usage, 'The admin token would travel unencrypted to another machine.', {
      hint: 'Use https, or a tunnel to a loopback address.',
    });
  return url.href.replace(/\/+$/, '');
}

function fillPath(path: string, params: unknown): string {
  const values = new Map(scalarsOf(params));
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values.get(name) ?? ''),
  );
}

function searchOf(query: unknown): string {
  const search = new URLSearchParams(scalarsOf(query));
  return search.size === 0 ? '' : `?${search.toString()}`;
}

/** The texts and numbers of a record, as text. */
function scalarsOf(record: unknown): [string, string][] {
  if (typeof record !== 'object' || record === null) return [];
  return Object.entries(record).flatMap(([name, value]: [string, unknown]): [string, string][] =>
    typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? clean(cause.message) : clean(error.message);
}
