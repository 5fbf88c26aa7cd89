import { ADMIN_BASE, NO_BODY } from '@keywell/contract/admin/admin-route';
import type { Secret } from '@keywell/core/secret/secret';
import { Hono } from 'hono';
import { type AlertPorts, alertRoutes } from '../features/alerts/alert-routes.ts';
import { type AuditPorts, auditRoutes } from '../features/audit/audit-routes.ts';
import {
  type ConfigurationPorts,
  configurationRoutes,
} from '../features/configuration/configuration-routes.ts';
import { type ConsumerPorts, consumerRoutes } from '../features/consumers/consumer-routes.ts';
import { type DomainPorts, domainRoutes } from '../features/domains/domain-routes.ts';
import { type ForecastPorts, forecastRoutes } from '../features/forecast/forecast-routes.ts';
import { type KeyPorts, keyRoutes } from '../features/keys/key-routes.ts';
import { type LogPorts, logRoutes } from '../features/logs/log-routes.ts';
import { type ModelPorts, modelRoutes } from '../features/models/model-routes.ts';
import { type PoolPorts, poolRoutes } from '../features/pools/pool-routes.ts';
import { type StatusPorts, statusRoutes } from '../features/status/status-routes.ts';
import { createTokenCheck } from './admin-token.ts';
import type { BoundRoute } from './bind-route.ts';
import { createHostCheck, isLoopbackAddress, isLoopbackHost } from './host-check.ts';
import { problemResponse } from './problem-response.ts';
import { readJsonBody } from './read-body.ts';

/** Everything the control plane needs from outside. */
export type AdminPorts = AlertPorts &
  AuditPorts &
  ConfigurationPorts &
  ConsumerPorts &
  DomainPorts &
  ForecastPorts &
  KeyPorts &
  LogPorts &
  ModelPorts &
  PoolPorts &
  StatusPorts &
  ListenerPorts;

/** What the listener itself needs. */
export interface ListenerPorts {
  readonly token: Secret;
  /** Host names, without port, that this listener answers to beside the loopback ones. */
  readonly allowedHosts: readonly string[];
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  /** Whether traffic is served at present. */
  readonly ready: () => boolean;
  /** Address of the peer, from whatever the HTTP server hands to the app as its environment; null when it is not known. */
  readonly peerAddress: (env: unknown) => string | null;
  readonly newRequestId: () => string;
  /** Something failed that should not have. */
  readonly onDefect: (requestId: string, error: unknown) => void;
}

/** What every answer carries. There is no CORS: no page of another origin has business here. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

interface Env {
  Variables: { requestId: string };
}

/** Every bound route; each route of the contract exactly once (a test says so). */
export function adminBoundRoutes(ports: AdminPorts): readonly BoundRoute[] {
  return [
    ...statusRoutes(ports),
    ...keyRoutes(ports),
    ...domainRoutes(ports),
    ...poolRoutes(ports),
    ...modelRoutes(ports),
    ...consumerRoutes(ports),
    ...logRoutes(ports),
    ...configurationRoutes(ports),
    ...auditRoutes(ports),
    ...forecastRoutes(ports),
    ...alertRoutes(ports),
  ];
}

/** The admin listener's application: health, metrics and `/api/v1`. */
export function createAdminApp(ports: AdminPorts): Hono<Env> {
  const app = new Hono<Env>();
  const checkToken = createTokenCheck(ports.token);
  const hostAllowed = createHostCheck(ports.allowedHosts);

  app.use('*', async (c, next) => {
    const requestId = ports.newRequestId();
    c.set('requestId', requestId);
    await next();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.res.headers.set(name, value);
    c.res.headers.set('keywell-request-id', requestId);
  });
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', (c) =>
    ports.ready() ? c.json({ status: 'ready' }) : c.json({ status: 'not_ready' }, 503),
  );
  app.use('*', async (c, next) => {
    if (/^\/(healthz|readyz)$/.test(c.req.path) || hostAllowed(hostOf(c.req.raw)))
      return await next();
    const detail = '';
    return problemResponse({ code: 'host_not_allowed', detail }, c.get('requestId'));
  });

  const guarded = (authorization: string | undefined, requestId: string): Response | null => {
    const check = checkToken(authorization);
    if (check === 'ok') return null;
    const code = check === 'missing' ? 'missing_credentials' : 'invalid_credentials';
    const detail =
      check === 'missing'
        ? 'Send "Authorization: Bearer …" with the admin token of the data folder.'
        : 'This is not the admin token of this installation.';
    return problemResponse({ code, detail }, requestId, { 'www-authenticate': 'Bearer' });
  };
  app.use('/api/*', async (c, next) => {
    const refused = guarded(c.req.header('authorization'), c.get('requestId'));
    if (refused !== null) return refused;
    return await next();
  });
  app.get('/metrics', async (c) => {
    const peer = ports.peerAddress(c.env) ?? '';
    const forwarded = c.req.header('forwarded') ?? c.req.header('x-forwarded-for');
    const local = isLoopbackAddress(peer) && isLoopbackHost(hostOf(c.req.raw));
    if (!local || forwarded !== undefined) {
      const refused = guarded(c.req.header('authorization'), c.get('requestId'));
      if (refused !== null) return refused;
    }
    return c.body(await ports.metrics(), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    });
  });
  const bound = adminBoundRoutes(ports);
  for (const each of bound) mount(app, each, ports);
  refuseTheRest(app, bound, ports);
  return app;
}

const hostOf = (request: Request): string =>
  request.headers.get('host') ?? new URL(request.url).host;

/** Hono writes parameters as `:id`. */
const pathOf = ({ route }: BoundRoute): string =>
  `${ADMIN_BASE}${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;

function mount(app: Hono<Env>, { route, handle }: BoundRoute, ports: AdminPorts): void {
  app.on(route.method, pathOf({ route, handle }), async (c) => {
    const requestId = c.get('requestId');
    const query = readQuery(new URL(c.req.url).searchParams);
    if (query === null) {
      const detail = 'A query parameter is there twice.';
      return problemResponse({ code: 'invalid_parameter', detail }, requestId);
    }
    let body: unknown = null;
    if (route.body !== NO_BODY) {
      const read = await readJsonBody(c.req.raw, route.maxBodyBytes);
      if (!read.ok) return problemResponse(read, requestId);
      body = read.value ?? (route.bodyOptional === true ? {} : undefined);
    }
    const address = ports.peerAddress(c.env) ?? '';
    const caller = { requestId, actor: 'admin', address };
    const answer = await handle({ params: c.req.param(), query, body, caller });
    if (!answer.ok) return problemResponse(answer, requestId);
    return c.newResponse(`${JSON.stringify(answer.value)}\n`, route.status, {
      'content-type': 'application/json',
    });
  });
}

/** Everything no route took: wrong methods, unknown paths, failures. */
function refuseTheRest(app: Hono<Env>, bound: readonly BoundRoute[], ports: AdminPorts): void {
  const methods = new Map<string, string[]>([
    ['/healthz', ['GET']],
    ['/readyz', ['GET']],
    ['/metrics', ['GET']],
  ]);
  for (const each of bound) {
    const path = pathOf(each);
    methods.set(path, [...(methods.get(path) ?? []), each.route.method]);
  }
  for (const [path, allowed] of methods) {
    const allow = allowed.flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each])).join(', ');
    app.all(path, (c) =>
      problemResponse(
        { code: 'method_not_allowed', detail: `Allowed: ${allow}.` },
        c.get('requestId'),
        {
          allow,
        },
      ),
    );
  }
  app.notFound((c) => problemResponse({ code: 'not_found', detail: '' }, c.get('requestId')));
  app.onError((error, c) => {
    const requestId = c.get('requestId');
    ports.onDefect(requestId, error);
    return problemResponse({ code: 'internal_error', detail: '' }, requestId);
  });
}

function readQuery(search: URLSearchParams): Readonly<Record<string, string>> | null {
  const names = [...search.keys()];
  if (new Set(names).size !== names.length) return null;
  return Object.fromEntries(search);
}
