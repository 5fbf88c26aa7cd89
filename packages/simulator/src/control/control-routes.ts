/**
 * `/_simulator/…`: read what happened, change what happens. No key is asked for, so only a peer on this machine is answered, and no web
 * page: the Host header must name loopback (DNS rebinding) and an Origin header is refused (cross-site requests).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { FAULT_NAMES } from '../behaviour/faults.ts';
import { readFault } from '../behaviour/fault-input.ts';
import type { KeyCounts } from '../calls/call-log.ts';
import { maskKey } from '../faces/mask-key.ts';
import { snakeize } from '../profile/camelize.ts';
import { faultTargetProblems } from '../profile/profile-schema.ts';
import type { ProviderState } from '../provider-state.ts';

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly allow?: string;
}

const MAX_BODY = 1024 * 1024;
const PREFIX = '/_simulator';

const problem = (status: number, message: string, problems: readonly string[] = []): Reply => ({
  status,
  body: { error: { message, ...(problems.length > 0 ? { problems } : {}) } },
});

const loopbackPeer = (address: string | undefined): boolean =>
  address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);

const loopbackHost = (host: string | undefined): boolean =>
  host !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host);

export function handleControl(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
): void {
  const refusal = refusedPeer(request);
  if (refusal !== null) {
    request.resume();
    return send(response, refusal);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes <= MAX_BODY) chunks.push(chunk);
  });
  request.on('error', () => response.destroy());
  request.on('end', () => {
    if (bytes > MAX_BODY) return send(response, problem(413, `at most ${MAX_BODY} bytes`));
    send(response, answer(state, request, url, Buffer.concat(chunks).toString('utf8')));
  });
}

function refusedPeer(request: IncomingMessage): Reply | null {
  if (!loopbackPeer(request.socket.remoteAddress)) {
    return problem(403, 'the control endpoint answers this machine only');
  }
  if (!loopbackHost(request.headers.host)) {
    return problem(403, 'the Host header must be localhost or a loopback address');
  }
  if (request.headers.origin !== undefined) {
    return problem(403, 'the control endpoint does not answer web pages');
  }
  return null;
}

function send(response: ServerResponse, reply: Reply): void {
  if (response.destroyed) return;
  const body = `${JSON.stringify(reply.body, null, 2)}\n`;
  response.writeHead(reply.status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
    ...(reply.allow === undefined ? {} : { allow: reply.allow }),
  });
  response.end(body);
}

type Handler = (state: ProviderState, query: URLSearchParams, json: unknown) => Reply;

const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  '/counts': { GET: readCounts },
  '/faults': { GET: listFaults, POST: setFaults, DELETE: clearFaults },
  '/reset': { POST: reset },
  '/limits': { GET: readLimits },
  '/refusals': { GET: readRefusals },
  '/clock': { GET: readClock, POST: advanceClock },
  '/balance': { GET: readBalances, POST: setBalance },
  '/profile': { GET: readProfile },
};

function answer(state: ProviderState, request: IncomingMessage, url: string, text: string): Reply {
  const parsed = new URL(url, 'http://localhost');
  const path = parsed.pathname.slice(PREFIX.length);
  const methods = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (methods === undefined) {
    const known = Object.keys(ROUTES).map((name) => PREFIX + name);
    return problem(
      404,
      `there is nothing at ${parsed.pathname}; expected one of: ${known.join(', ')}`,
    );
  }
  const method = request.method ?? 'GET';
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (handler === undefined) {
    const allow = Object.keys(methods).join(', ');
    return { ...problem(405, `${parsed.pathname} takes ${allow}`), allow };
  }
  let json: unknown = null;
  if (text !== '') {
    try {
      json = JSON.parse(text);
    } catch {
      return problem(400, 'the body is not JSON');
    }
  }
  return handler(state, parsed.searchParams, json);
}

/** `?calls=1` adds the calls one by one; `&since=SEQUENCE` only those after it. */
function readCounts(state: ProviderState, query: URLSearchParams): Reply {
  const { keys, total, unknownKey } = state.calls.counts();
  // aliases are names, not fields: kept as they are
  const byKey = Object.fromEntries(
    Object.entries(keys).map(([alias, count]) => [alias, countJson(count)]),
  );
  const body = {
    total: countJson(total),
    unknown_key: countJson(unknownKey),
    keys: byKey,
  };
  if (!query.has('calls')) return { status: 200, body };
  const since = Number(query.get('since') ?? '0');
  const { calls, dropped } = state.calls.recent();
  const listed = calls.filter((call) => !(call.sequence <= since)).map((call) => snakeize(call));
  return { status: 200, body: { ...body, calls: listed, calls_dropped: dropped } };
}

const countJson = (count: KeyCounts): object => ({
  calls: count.calls,
  in_flight: count.inFlight,
  max_in_flight: count.maxInFlight,
  streams: count.streams,
  aborted_by_client: count.abortedByClient,
  cut_by_simulator: count.cutBySimulator,
  by_status: count.byStatus,
  by_operation: count.byOperation,
  by_fault: count.byFault,
  by_refusal: count.byRefusal,
});

/** What is truly left of every limit; `?key=` and `?model=` narrow it down. */
function readLimits(state: ProviderState, query: URLSearchParams): Reply {
  const fits = (name: 'key' | 'model', value: string): boolean =>
    !query.has(name) || query.get(name) === value;
  const levels = state
    .limitLevels()
    .filter(({ key, model }) => fits('key', key) && fits('model', model));
  return { status: 200, body: { limits: snakeize(levels) } };
}

/** How often each key was refused and why, and the refused calls one by one; `?since=SEQUENCE` only those after it. */
function readRefusals(state: ProviderState, query: URLSearchParams): Reply {
  const { keys, total, unknownKey } = state.calls.counts();
  const byKey = Object.entries(keys).map(([alias, { byRefusal }]) => [alias, byRefusal]);
  const since = Number(query.get('since') ?? '0');
  const { calls, dropped } = state.calls.recent();
  const refused = calls.filter((call) => call.refused !== null && !(call.sequence <= since));
  const body = {
    total: total.byRefusal,
    unknown_key: unknownKey.byRefusal,
    keys: Object.fromEntries(byKey),
    refusals: refused.map((call) => snakeize(call)),
    calls_dropped: dropped,
  };
  return { status: 200, body };
}

function listFaults(state: ProviderState): Reply {
  return { status: 200, body: { faults: snakeize(state.faults.list(state.clock.now())) } };
}

/** One fault or an array of them; all are set or none. */
function setFaults(state: ProviderState, _query: URLSearchParams, json: unknown): Reply {
  const given: unknown[] = Array.isArray(json) ? json : [json];
  const problems: string[] = [];
  const faults = given.flatMap((item, at) => {
    const where = Array.isArray(json) ? `[${at}] ` : '';
    const read = readFault(item);
    const wrong = read.ok
      ? faultTargetProblems(state.profile, read.fault).map(
          (found) => `${found.field}: ${found.message}`,
        )
      : read.problems;
    problems.push(...wrong.map((text) => where + text));
    return read.ok ? [read.fault] : [];
  });
  if (problems.length > 0) return problem(400, 'no fault was set', problems);
  try {
    const ids = faults.map((fault) => state.faults.set(fault, state.clock.now()));
    return { status: 200, body: { ids } };
  } catch (error) {
    return problem(409, error instanceof Error ? error.message : String(error));
  }
}

const filterSchema = z.strictObject({
  id: z.string().optional(),
  key: z.string().optional(),
  fault: z.enum(FAULT_NAMES).optional(),
});

/** `?id=`, `?fault=`, `?key=` narrow it down; without them all faults end. */
function clearFaults(state: ProviderState, query: URLSearchParams): Reply {
  const filter = filterSchema.safeParse(Object.fromEntries(query));
  if (!filter.success) return invalid(filter.error);
  const { id, key, fault } = filter.data;
  const cleared = state.faults.clear({
    ...(id === undefined ? {} : { id }),
    ...(key === undefined ? {} : { key }),
    ...(fault === undefined ? {} : { fault }),
  });
  return { status: 200, body: { cleared } };
}

const invalid = (error: z.ZodError): Reply =>
  problem(
    400,
    'the request is not right',
    error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  );

function reset(state: ProviderState): Reply {
  state.reset();
  return { status: 200, body: { reset: true } };
}

function readClock(state: ProviderState): Reply {
  const { clock } = state;
  return {
    status: 200,
    body: { now_ms: clock.now(), wall_ms: clock.wallNow(), ahead_ms: clock.aheadMs },
  };
}

const clockSchema = z.strictObject({
  advance_ms: z
    .number()
    .min(0)
    .max(86_400_000 * 366),
});

function advanceClock(state: ProviderState, _query: URLSearchParams, json: unknown): Reply {
  const read = clockSchema.safeParse(json);
  if (!read.success) return invalid(read.error);
  state.clock.advance(read.data.advance_ms);
  return readClock(state);
}

function readBalances(state: ProviderState): Reply {
  const balances = state.profile.organizations.map(({ id }) => ({
    organization: id,
    balance_micros: state.fundsOf(id)?.balanceMicros ?? null,
  }));
  return { status: 200, body: { balances } };
}

const balanceSchema = z.strictObject({
  organization: z.string(),
  balance_micros: z.int().nullable(),
});

function setBalance(state: ProviderState, _query: URLSearchParams, json: unknown): Reply {
  const read = balanceSchema.safeParse(json);
  if (!read.success) return invalid(read.error);
  const funds = state.fundsOf(read.data.organization);
  if (funds === null) return problem(404, `there is no organization "${read.data.organization}"`);
  funds.balanceMicros = read.data.balance_micros;
  return readBalances(state);
}

/** Key values are masked. */
function readProfile(state: ProviderState): Reply {
  const { profile } = state;
  const organizations = profile.organizations.map((organization) => ({
    ...organization,
    projects: organization.projects.map((project) => ({
      ...project,
      keys: project.keys.map(({ alias, value }) => ({ alias, value: maskKey(value) })),
    })),
  }));
  return { status: 200, body: snakeize({ ...profile, organizations }) };
}
