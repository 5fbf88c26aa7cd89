/** Every fault as a raw client sees it: bytes, ends, resets. */
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { startSimulator } from '../start-simulator.ts';
import type { Simulator } from '../start-simulator.ts';
import { FAULT_NAMES, FAULTS } from './faults.ts';
import type { FaultInput } from './fault-input.ts';
import type { FaultName } from './faults.ts';

const KEY = 'sk-simulated-key-a';
/** Silence this long means that nothing comes, or nothing more: a busy machine may take its time before it answers. */
const SILENT_MS = 1500;
const QUIET_MS = 150;

interface Seen {
  /** Response bytes as latin1. */
  readonly text: string;
  readonly chunks: number;
  readonly ended: 'end' | 'reset' | 'silent';
}

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(fault?: FaultInput): Promise<Simulator> {
  const simulator = await startSimulator({
    profile: {
      organizations: [
        { id: 'org-1', projects: [{ id: 'proj_1', keys: [{ alias: 'a', value: KEY }] }] },
      ],
      models: [{ id: 'gpt-5', answerWords: 20 }],
    },
  });
  open.push(simulator);
  if (fault !== undefined) simulator.set(fault);
  return simulator;
}

/** One call on a connection of its own; reads until the connection ends or falls silent. */
function call(simulator: Simulator, stream: boolean, stopAt = Infinity): Promise<Seen> {
  const body = JSON.stringify({
    model: 'gpt-5',
    stream,
    messages: [{ role: 'user', content: 'my prompt' }],
  });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${KEY}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`;
  return new Promise((resolve) => {
    const socket = connect(simulator.port, '127.0.0.1', () => socket.write(head + body));
    const parts: Buffer[] = [];
    let bytes = 0;
    const done = (ended: Seen['ended']): void => {
      clearTimeout(quiet);
      socket.destroy();
      resolve({ text: Buffer.concat(parts).toString('latin1'), chunks: parts.length, ended });
    };
    let quiet = setTimeout(() => done('silent'), SILENT_MS);
    socket.on('data', (chunk: Buffer) => {
      clearTimeout(quiet);
      quiet = setTimeout(() => done('silent'), QUIET_MS);
      bytes += chunk.length;
      parts.push(chunk);
      if (bytes >= stopAt) done('silent');
    });
    socket.on('end', () => done('end'));
    socket.on('error', () => done('reset'));
  });
}

const events = (text: string): number => text.split('data: ').length - 1;
const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);

/** Role, 20 words, finish, [DONE]. */
const ALL_EVENTS = 23;

const errorCode = (seen: Seen): unknown => {
  const body: unknown = JSON.parse(bodyOf(seen.text));
  return body;
};

describe('refusals', () => {
  test.each<[FaultInput, number, object, string[]]>([
    [
      { fault: 'quota_exhausted' },
      429,
      { type: 'insufficient_quota', code: 'insufficient_quota' },
      [],
    ],
    [
      { fault: 'quota_exhausted', code: 'project_spend_limit_exceeded' },
      429,
      { type: 'insufficient_quota', code: 'project_spend_limit_exceeded' },
      [],
    ],
    [
      { fault: 'dead_key' },
      401,
      { code: 'invalid_api_key', message: expect.stringContaining('sk-simul******ey-a') },
      [],
    ],
    [{ fault: 'account_deactivated' }, 401, { code: 'account_deactivated' }, []],
    [{ fault: 'region_blocked' }, 403, { code: 'unsupported_country_region_territory' }, []],
    [{ fault: 'model_forbidden' }, 403, { code: 'model_not_found' }, []],
    [
      { fault: 'rate_limited', retryAfterMs: 7500 },
      429,
      {
        type: 'requests',
        code: 'rate_limit_exceeded',
        message: expect.stringContaining('Please try again in 7.5s.'),
      },
      ['retry-after: 8', 'retry-after-ms: 7500', 'x-ratelimit-remaining-requests: 0'],
    ],
    [
      { fault: 'rate_limited', dimension: 'tokens_day' },
      429,
      { type: 'tokens', message: expect.stringContaining('tokens per day (TPD)') },
      ['retry-after: 20'],
    ],
    [{ fault: 'slow_down' }, 429, { code: 'slow_down' }, []],
    [
      { fault: 'overloaded', retryAfterMs: 1000 },
      503,
      { code: 'server_is_overloaded' },
      ['retry-after: 1'],
    ],
    [{ fault: 'server_error' }, 500, { type: 'server_error' }, []],
    [
      { fault: 'invalid_request' },
      400,
      { type: 'invalid_request_error', message: 'Invalid prompt: my prompt' },
      [],
    ],
    [
      { fault: 'invalid_request', message: 'insufficient balance' },
      400,
      { message: 'insufficient balance' },
      [],
    ],
  ])('%j', async (fault, status, error, headers) => {
    const simulator = await start(fault);
    for (const stream of [false, true]) {
      const seen = await call(simulator, stream);
      expect(statusOf(seen.text)).toBe(status);
      expect(errorCode(seen)).toMatchObject({ error });
      for (const header of headers) expect(seen.text).toContain(`\r\n${header}\r\n`);
      expect(seen.text.includes('retry-after')).toBe(headers.length > 0);
    }
    expect(simulator.counts().keys['a']).toMatchObject({
      byStatus: { [status]: 2 },
      byFault: { [fault.fault]: 2 },
    });
  });

  test.each<[FaultName, number]>([
    ['bad_gateway', 502],
    ['gateway_timeout', 504],
  ])('%s is a page of HTML', async (fault, status) => {
    const seen = await call(await start({ fault }), false);
    expect(statusOf(seen.text)).toBe(status);
    expect(seen.text).toContain('content-type: text/html');
  });
});

describe('connections', () => {
  test.each<[FaultInput, boolean, Partial<Seen>, number]>([
    [{ fault: 'refuse_connection' }, false, { ended: 'reset', text: '' }, 0],
    [{ fault: 'die_before_headers' }, true, { ended: 'reset', text: '' }, 0],
    [{ fault: 'stall_silent' }, true, { ended: 'silent', text: '' }, 0],
    [{ fault: 'stall_silent' }, false, { ended: 'silent', text: '' }, 0],
    [{ fault: 'die_after_headers' }, true, { ended: 'reset' }, 0],
    [{ fault: 'stall_after_headers' }, true, { ended: 'silent' }, 0],
    [{ fault: 'die_mid_stream', events: 5 }, true, { ended: 'reset' }, 5],
    [{ fault: 'stall_mid_stream', events: 4 }, true, { ended: 'silent' }, 4],
    [{ fault: 'die_before_done' }, true, { ended: 'reset' }, ALL_EVENTS - 1],
    [{ fault: 'end_before_done' }, true, { ended: 'end' }, ALL_EVENTS - 1],
    [{ fault: 'end_before_done', events: 3 }, true, { ended: 'end' }, 3],
  ])('%j, streamed: %s', async (fault, stream, expected, count) => {
    const simulator = await start(fault);
    const seen = await call(simulator, stream);
    expect(seen).toMatchObject(expected);
    expect(events(seen.text)).toBe(count);
    expect(seen.text).not.toContain('[DONE]');
    expect(statusOf(seen.text)).toBe(seen.text === '' ? 0 : 200);
  });

  test.each<[FaultName, Seen['ended'], boolean]>([
    ['die_after_headers', 'reset', false],
    ['stall_after_headers', 'silent', false],
    ['die_mid_stream', 'reset', true],
    ['stall_mid_stream', 'silent', true],
  ])(
    '%s without a stream: an honest content-length, not all of the body',
    async (fault, ended, some) => {
      const seen = await call(await start({ fault }), false);
      const length = Number(/content-length: (\d+)/.exec(seen.text)?.[1]);
      expect(seen.ended).toBe(ended);
      expect(bodyOf(seen.text).length).toBe(some ? length >> 1 : 0);
    },
  );

  test('not_http sends what no parser takes', async () => {
    const seen = await call(await start({ fault: 'not_http' }), false);
    expect(seen.text).toMatch(/^NOPE/);
    expect(seen.text.length).toBeGreaterThan(256);
  });
});

describe('bodies', () => {
  test.each<[FaultInput, boolean, RegExp, RegExp]>([
    [
      { fault: 'error_event' },
      true,
      /content-type: text\/event-stream/,
      /data: \{"error":\{.*"type":"server_error"/,
    ],
    [
      { fault: 'error_event', code: 'insufficient_quota' },
      true,
      /event-stream/,
      /"code":"insufficient_quota"/,
    ],
    [
      { fault: 'error_body', code: 'server_is_overloaded' },
      false,
      /application\/json/,
      /^\{"error":\{.*"code":"server_is_overloaded"\}\}$/,
    ],
    [{ fault: 'error_body' }, true, /application\/json/, /^\{"error":/],
    [{ fault: 'html' }, false, /content-type: text\/html/, /<html>/],
    [{ fault: 'html' }, true, /content-type: text\/html/, /<html>/],
    [
      { fault: 'wrong_type' },
      true,
      /content-type: application\/json/,
      /"object":"chat.completion"/,
    ],
    [{ fault: 'wrong_type' }, false, /content-type: text\/event-stream/, /\[DONE\]/],
    [
      { fault: 'redirect', location: 'http://example.com/x' },
      false,
      /^HTTP\/1\.1 302 .*location: http:\/\/example\.com\/x/s,
      /^$/,
    ],
    [{ fault: 'extra_headers' }, false, /set-cookie: __cf_bm/, /chat.completion/],
    [
      { fault: 'extra_headers', headers: ['set-cookie: a=1', 'set-cookie: b=2'] },
      true,
      /set-cookie: a=1\r\nset-cookie: b=2/,
      /\[DONE\]/,
    ],
    [{ fault: 'huge_headers' }, false, /x-simulator-filler-131: f+/, /chat.completion/],
    [
      { fault: 'informational' },
      false,
      /^HTTP\/1\.1 102 .*HTTP\/1\.1 103 .*HTTP\/1\.1 200 /s,
      /chat.completion/,
    ],
  ])('%j, streamed: %s', async (fault, stream, head, body) => {
    const seen = await call(await start(fault), stream);
    expect(seen.ended).toBe('end');
    expect(seen.text).toMatch(head);
    const inner = bodyOf(seen.text);
    const chunked = seen.text.includes('transfer-encoding: chunked');
    expect(chunked ? inner : inner.trim()).toMatch(body);
  });

  test('an error event comes after so many good ones, and nothing after it', async () => {
    const seen = await call(await start({ fault: 'error_event', events: 3 }), true);
    expect(events(seen.text)).toBe(4);
    expect(seen.text).not.toContain('[DONE]');
  });

  test.each([false, true])('garbage is no JSON and no event (streamed: %s)', async (stream) => {
    const seen = await call(await start({ fault: 'garbage', bytes: 500 }), stream);
    expect(bodyOf(seen.text)).toHaveLength(500);
    expect(() => JSON.parse(bodyOf(seen.text)) as unknown).toThrow(SyntaxError);
  });

  test('cut_json is complete as HTTP and half as JSON', async () => {
    const seen = await call(await start({ fault: 'cut_json' }), false);
    expect(Number(/content-length: (\d+)/.exec(seen.text)?.[1])).toBe(bodyOf(seen.text).length);
    expect(bodyOf(seen.text)).toMatch(/^\{"id"/);
    expect(() => JSON.parse(bodyOf(seen.text)) as unknown).toThrow(SyntaxError);
  });

  test.each([false, true])('gzip is a whole answer in a coat (streamed: %s)', async (stream) => {
    const seen = await call(await start({ fault: 'gzip' }), stream);
    expect(seen.text).toContain('content-encoding: gzip');
    const inner = gunzipSync(Buffer.from(bodyOf(seen.text), 'latin1')).toString();
    expect(inner).toContain(stream ? '[DONE]' : '"object":"chat.completion"');
  });
});

describe('pace', () => {
  test('bytewise sends the same answer in many small pieces', async () => {
    const seen = await call(await start({ fault: 'bytewise' }), false);
    const whole = await call(await start(), false);
    expect(bodyOf(seen.text).length).toBe(bodyOf(whole.text).length);
    expect(seen.chunks).toBeGreaterThan(20);
    expect(whole.chunks).toBeLessThan(3);
  });

  test('slow_first_byte and slow_stream wait where they say', async () => {
    const simulator = await start({ fault: 'slow_first_byte', waitMs: 60 });
    simulator.set({ fault: 'slow_stream', intervalMs: 5, events: 10 });
    const before = performance.now();
    const seen = await call(simulator, true);
    // 10 words: 12 waits between 13 events
    expect(performance.now() - before).toBeGreaterThan(60 + 12 * 4);
    expect(events(seen.text)).toBe(13);
    expect(seen.text).toContain('[DONE]');
  });

  test('delay_ms comes before what the fault does', async () => {
    const before = performance.now();
    const seen = await call(await start({ fault: 'overloaded', delayMs: 60 }), false);
    expect(performance.now() - before).toBeGreaterThan(55);
    expect(statusOf(seen.text)).toBe(503);
  });

  test('endless goes on until the client leaves, and that is recorded', async () => {
    const simulator = await start({ fault: 'endless', intervalMs: 1 });
    const seen = await call(simulator, true, 10_000);
    expect(events(seen.text)).toBeGreaterThan(10);
    await expect
      .poll(() => simulator.counts().keys['a'])
      .toMatchObject({ inFlight: 0, abortedByClient: 1 });
    expect(simulator.calls()[0]).toMatchObject({ aborted: true, fault: 'endless', status: 200 });
  });

  test('huge_line is one event in one line', async () => {
    const seen = await call(await start({ fault: 'huge_line', bytes: 1_000_000 }), true);
    expect(seen.text.split('x'.repeat(1000)).length).toBeGreaterThan(990);
    expect(events(seen.text)).toBe(2);
    expect(seen.ended).toBe('end');
  });

  test('firehose ends after its bytes, and waits for a reader that does not read', async () => {
    const simulator = await start({ fault: 'firehose', bytes: 3_000_000 });
    const seen = await call(simulator, true);
    expect(seen.text.length).toBeGreaterThan(3_000_000);
    expect(seen.text).toContain('[DONE]');
    simulator.set({ fault: 'firehose', bytes: 2_000_000_000 });
    const socket = connect(simulator.port, '127.0.0.1');
    const body = JSON.stringify({
      model: 'gpt-5',
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
    });
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    socket.pause();
    const sent = (): number => simulator.calls().at(-1)?.events ?? 0;
    await expect.poll(sent).toBeGreaterThan(1);
    let last = -1;
    // the kernel's buffers fill, then it stops
    await expect.poll(() => last === (last = sent()), { interval: QUIET_MS }).toBe(true);
    expect(last * 65_536).toBeLessThan(100_000_000);
    socket.destroy();
  });
});

test('a client that leaves at once harms nothing', async () => {
  const simulator = await start({ fault: 'slow_first_byte', waitMs: 30 });
  const body = JSON.stringify({
    model: 'gpt-5',
    stream: true,
    messages: [{ role: 'user', content: 'x' }],
  });
  for (let round = 0; round < 20; round++) {
    const socket = connect(simulator.port, '127.0.0.1', () => {
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, round * 4)}`,
      );
      setImmediate(() => socket.resetAndDestroy());
    });
    socket.on('error', () => undefined);
  }
  await expect.poll(() => simulator.counts().total.inFlight).toBe(0);
  simulator.clear();
  expect(statusOf((await call(simulator, true)).text)).toBe(200);
});

test('the connect fault does not wait for the body, and other keys are served', async () => {
  const simulator = await start({ fault: 'refuse_connection', key: 'a', count: 1 });
  expect((await call(simulator, false)).ended).toBe('reset');
  expect(statusOf((await call(simulator, false)).text)).toBe(200);
  expect(simulator.counts().keys['a']).toMatchObject({
    calls: 2,
    cutBySimulator: 1,
    abortedByClient: 0,
    byStatus: { 0: 1, 200: 1 },
  });
});

const mark = (name: FaultName): string =>
  FAULTS[name].parameters.map((parameter) => `\`${parameter}\``).join(', ');
const streams = (name: FaultName): string => (FAULTS[name].streamOnly ? ' (streams only)' : '');

test('the guide has exactly these faults, with these parameters and words', () => {
  const guide = readFileSync(
    new URL('../../../../docs/guides/simulator.md', import.meta.url),
    'utf8',
  );
  const [, section = ''] = /^## Faults\n([\s\S]*?)^## /m.exec(guide) ?? [];
  const rows = [...section.matchAll(/^\| `([a-z_]+)` +\| (.*?) +\| (.*?) +\|$/gm)];
  const told = Object.fromEntries(
    rows.map(([, name, parameters, does]) => [name, [parameters, does]]),
  );
  expect(told).toEqual(
    Object.fromEntries(
      FAULT_NAMES.map((name) => [name, [mark(name), FAULTS[name].does + streams(name)]]),
    ),
  );
});
