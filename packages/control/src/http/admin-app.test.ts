import { ADMIN_BASE, type AdminRoute } from '@keywell/contract/admin/admin-route';
import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { problemSchema } from '@keywell/contract/admin/admin-schemas';
import { parseConsumerKey } from '@keywell/core/access/consumer-key';
import { afterEach, describe, expect, it } from 'vitest';
import { type AdminPorts, adminBoundRoutes, createAdminApp } from './admin-app.ts';
import {
  type AdminWorld,
  CONFIG,
  TOKEN,
  UPSTREAM_CANARY,
  adminWorld,
} from './admin-world.contract.ts';

let world: AdminWorld | null = null;
afterEach(() => world?.close());

interface Call {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function open(over: Partial<AdminPorts> = {}) {
  world = await adminWorld(over);
  const app = createAdminApp(world.ports);
  const auth = { authorization: `Bearer ${TOKEN}` };
  const call = (path: string, init: Call = {}) =>
    app.request(path, { ...init, headers: { ...auth, ...init.headers } });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    call(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  return { app, call, post, world };
}

async function problemOf(response: Response): Promise<string> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  expect(response.headers.get('keywell-request-id')).toBe(problem.request_id);
  return problem.code;
}

const ROUTES = Object.entries<AdminRoute>(ADMIN_ROUTES);
const BODIES: Readonly<Record<string, unknown>> = {
  clearKeys: { provider: 'openai', key: 'a' },
  addConsumer: { id: 'mobile' },
  reload: {},
  diff: { text: CONFIG },
};

describe('every route of the contract', () => {
  it('is bound exactly once', async () => {
    const { world: at } = await open();
    const bound = adminBoundRoutes(at.ports).map((each) => each.route);
    expect(new Set(bound)).toEqual(new Set(ROUTES.map(([, route]) => route)));
    expect(bound).toHaveLength(ROUTES.length);
  });

  describe.each(ROUTES)('%s', (name, route) => {
    const path = `${ADMIN_BASE}${route.path}`.replace('{id}', 'req_1');
    const init = (): Call =>
      name in BODIES
        ? {
            method: route.method,
            body: JSON.stringify(BODIES[name]),
            headers: { 'content-type': 'application/json' },
          }
        : { method: route.method };

    it('refuses a call without a token, before anything else', async () => {
      const { app } = await open();
      const response = await app.request(path, init());
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await problemOf(response)).toBe('missing_credentials');
    });

    it.each([
      ['wrong', 'Bearer nope'],
      ['of another scheme', `Basic ${TOKEN}`],
      ['cut short', `Bearer ${TOKEN.slice(0, -1)}`],
      ['empty', 'Bearer '],
    ])('refuses a token that is %s', async (_, authorization) => {
      const { app } = await open();
      const given = init();
      const response = await app.request(path, {
        ...given,
        headers: { ...given.headers, authorization },
      });
      expect(response.status).toBe(401);
    });

    it('takes no token from the query', async () => {
      const { app } = await open();
      const response = await app.request(`${path}?token=${TOKEN}&access_token=${TOKEN}`, init());
      expect(response.status).toBe(401);
    });

    it('answers as the contract says', async () => {
      const { call, world: at } = await open();
      const response = await call(path, init());
      const text = await response.text();
      expect(`${response.status} ${text.slice(0, 300)}`).toMatch(new RegExp(`^${route.status} `));
      expect(at.defects).toEqual([]);
      expect(route.response.safeParse(JSON.parse(text)).error).toBeUndefined();
      expect(text).not.toContain(UPSTREAM_CANARY);
      expect(text).not.toContain(TOKEN);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    });

    it('refuses another method and says which it takes', async () => {
      const { call } = await open();
      const response = await call(path, { method: 'DELETE' });
      expect(response.headers.get('allow')).toContain(route.method);
      expect(await problemOf(response)).toBe('method_not_allowed');
    });

    it('refuses a host name that is not its own', async () => {
      const { call } = await open();
      const given = init();
      const response = await call(path, {
        ...given,
        headers: { ...given.headers, host: 'evil.example' },
      });
      expect(await problemOf(response)).toBe('host_not_allowed');
    });
  });
});

describe('bodies', () => {
  const path = `${ADMIN_BASE}/consumers`;
  it.each([
    ['text that is no JSON', '{', {}, 400, 'malformed_json'],
    ['another content type', '{}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['a compressed body', '{}', { 'content-encoding': 'br' }, 415, 'unsupported_media_type'],
    [
      'a body that is too large',
      JSON.stringify({ id: 'x'.repeat(1_100_000) }),
      {},
      413,
      'payload_too_large',
    ],
    ['a field that is not known', { id: 'x', admin: true }, {}, 400, 'invalid_parameter'],
    ['a wrong value', { id: 'NO' }, {}, 400, 'invalid_parameter'],
    ['no body', '', {}, 400, 'invalid_parameter'],
    ['an unknown model', { id: 'x', models: ['nope'] }, {}, 400, 'invalid_parameter'],
  ])('with %s are refused', async (...[, body, headers, status, code]) => {
    const { post } = await open();
    const response = await post(path, body, headers);
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toBe(code);
  });

  it('are counted while they arrive, whatever their announced length', async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)),
    });
    const request = new Request(`http://localhost${path}`, {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    });
    const { app } = await open();
    expect((await app.request(request)).status).toBe(413);
  });
});

describe('queries', () => {
  it.each(['limit=0', 'limit=x', 'limit=501', 'limit=1&limit=2', 'colour=red', 'before=x'])(
    '%s is refused',
    async (query) => {
      const { call } = await open();
      expect(await problemOf(await call(`${ADMIN_BASE}/logs?${query}`))).toBe('invalid_parameter');
    },
  );

  it('page through the log', async () => {
    const { call } = await open();
    const first = await (await call(`${ADMIN_BASE}/logs?limit=1`)).json();
    expect(first).toMatchObject({
      data: [{ id: 'req_1', upstream_model: 'gpt-5' }],
      next: expect.stringMatching(/\/req_1$/),
    });
  });
});

describe('consumers', () => {
  it('are added with a key that is shown once, kept as a hash and in force at once', async () => {
    const { call, post, world: at } = await open();
    const response = await post(`${ADMIN_BASE}/consumers`, {
      id: 'mobile',
      models: ['smart'],
      requests_per_minute: 5,
    });
    const added = ADMIN_ROUTES.addConsumer.response.parse(await response.json());
    expect(parseConsumerKey(added.key)).toEqual({ id: added.consumer.key_ids[0] });
    const hash = added.key_hash.slice(4);
    expect(at.ports.configuration.snapshot().consumers).toMatchObject([
      { id: 'mobile', keyHashes: [hash], requestsPerMinute: 5 },
    ]);
    for (const path of ['/consumers', '/audit', '/status']) {
      expect(await (await call(`${ADMIN_BASE}${path}`)).text()).not.toContain(added.key);
    }
    expect(JSON.stringify(await at.ports.consumers.list())).not.toContain(added.key);
    const again = await post(`${ADMIN_BASE}/consumers`, { id: 'mobile' });
    expect(await problemOf(again)).toBe('conflict');
  });
});

describe('keys', () => {
  it('that are not there cannot be cleared', async () => {
    const { post } = await open();
    expect(await problemOf(await post(`${ADMIN_BASE}/keys/clear`, { provider: 'nope' }))).toBe(
      'not_found',
    );
    expect(await problemOf(await post(`${ADMIN_BASE}/keys/clear`, { key: 'a' }))).toBe(
      'missing_parameter',
    );
  });

  it('that are cleared leave a trace of who did it', async () => {
    const { call, post } = await open();
    await post(`${ADMIN_BASE}/keys/clear`, { provider: 'openai', key: 'a' });
    expect(await (await call(`${ADMIN_BASE}/audit`)).json()).toMatchObject({
      data: [
        {
          actor: 'admin',
          action: 'cooldown.cleared',
          target: 'openai/a',
          detail: {
            cleared: 1,
            ended: 'funds_exhausted of node:openai/org-a, 134 s before its end',
            before: 'openai/a cooled',
            address: '127.0.0.1',
          },
        },
      ],
    });
  });
});

describe('a broken configuration', () => {
  it('is refused with every problem and its place', async () => {
    const { post, world: at } = await open();
    at.writeConfig(`${CONFIG}poolz: []\nnope: 1\n`);
    const response = await post(`${ADMIN_BASE}/reload`, {});
    expect(response.status).toBe(422);
    const problem = problemSchema.parse(await response.json());
    expect(problem.problems?.map((each) => [each.line, each.path])).toEqual([
      [5, 'poolz'],
      [6, 'nope'],
    ]);
  });
});

describe('the open paths', () => {
  it('answer without a token and under any host name', async () => {
    const { app } = await open({ ready: () => false });
    const headers = { host: '10.0.0.7:8081' };
    expect((await app.request('/healthz', { headers })).status).toBe(200);
    expect((await app.request('/readyz', { headers })).status).toBe(503);
  });

  it.each([
    ['on loopback', '127.0.0.1', {}, 200],
    ['on loopback by IPv6', '::ffff:127.0.0.1', { host: '[::1]:8081' }, 200],
    ['from elsewhere', '10.0.0.9', { host: 'gateway.internal' }, 401],
    [
      'from elsewhere with the token',
      '10.0.0.9',
      { host: 'gateway.internal', authorization: `Bearer ${TOKEN}` },
      200,
    ],
    ['through a proxy on this machine', '127.0.0.1', { 'x-forwarded-for': '10.0.0.9' }, 401],
    ['from a page that points its name here', '127.0.0.1', { host: 'evil.example' }, 421],
    ['from an unknown peer', null, {}, 401],
  ])('of metrics are open or not: %s', async (_, peer, headers, status) => {
    const { app } = await open({ peerAddress: () => peer });
    expect((await app.request('/metrics', { headers })).status).toBe(status);
  });
});

describe('whatever else', () => {
  it('is not found, and under /api only told to whoever may ask', async () => {
    const { app, call } = await open();
    expect(await problemOf(await call('/api/v1/nope'))).toBe('not_found');
    expect(await problemOf(await app.request('/nope'))).toBe('not_found');
    expect(await problemOf(await app.request('/api/v1/nope'))).toBe('missing_credentials');
  });

  it('fails as a problem that says nothing of the cause', async () => {
    const { call, world: at } = await open({
      probes: () => Promise.reject(new Error(UPSTREAM_CANARY)),
    });
    const response = await call(`${ADMIN_BASE}/status`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain(UPSTREAM_CANARY);
    expect(at.defects).toHaveLength(1);
  });
});
