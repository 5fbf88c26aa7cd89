/** Headers and bodies that should not be, as a client sees them. */
import { afterEach, describe, expect, test } from 'vitest';
import type { FaceName } from '../faces/face.ts';
import type { SimulatorProfile } from '../profile/profile-schema.ts';
import { startSimulator } from '../start-simulator.ts';
import type { Simulator } from '../start-simulator.ts';
import type { FaultInput } from './fault-input.ts';
import { disturbedHeaders } from './header-faults.ts';

const KEY = 'sk-simulated-key-a';
const NOW = Date.UTC(2026, 10, 25, 18, 15);

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(face: FaceName, ...faults: FaultInput[]): Promise<Simulator> {
  const profile: SimulatorProfile = {
    face,
    organizations: [
      { id: 'org-1', projects: [{ id: 'proj_1', keys: [{ alias: 'a', value: KEY }] }] },
    ],
    models: [{ id: 'gpt-5', limits: { requestsPerMinute: 60, requestsPerDay: 1000 } }],
    faults,
  };
  const clock = { now: () => 0, wallNow: () => NOW };
  const simulator = await startSimulator({ profile, clock });
  open.push(simulator);
  return simulator;
}

const chat = (simulator: Simulator): Promise<Response> =>
  fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'x' }] }),
  });

const headersOf = async (face: FaceName, ...faults: FaultInput[]) => {
  const response = await chat(await start(face, ...faults));
  await response.text();
  return Object.fromEntries(response.headers);
};

describe('limit headers', () => {
  test('lie about what is left and about nothing else', async () => {
    for (const [factor, told] of [
      [undefined, '30'],
      [1.5, '89'],
      [0, '0'],
    ] as const) {
      const headers = await headersOf('openai', {
        fault: 'lying_headers',
        ...(factor === undefined ? {} : { factor }),
      });
      expect(headers).toMatchObject({
        'x-ratelimit-limit-requests': '60',
        'x-ratelimit-remaining-requests': told,
        'x-ratelimit-reset-requests': '1s',
      });
    }
  });

  test('come from a clock an hour ahead or behind: the date and instants move, durations do not', async () => {
    const ahead = await headersOf('anthropic', { fault: 'skewed_clock' });
    expect(ahead).toMatchObject({
      date: 'Wed, 25 Nov 2026 19:15:00 GMT',
      'anthropic-ratelimit-requests-reset': '2026-11-25T19:15:01Z',
    });
    const behind = await headersOf('openai', { fault: 'skewed_clock', skewMs: -3_600_000 });
    expect(behind).toMatchObject({
      date: 'Wed, 25 Nov 2026 17:15:00 GMT',
      'x-ratelimit-reset-requests': '1s',
    });
    const flat = ['X-RateLimit-Reset', String(NOW), 'retry-after', '7'];
    expect(disturbedHeaders(flat, [{ fault: 'skewed_clock', skewMs: 1000 }], 1)).toEqual([
      'X-RateLimit-Reset',
      String(NOW + 1000),
      'retry-after',
      '7',
    ]);
  });

  test('and what a refusal’s body says are from the same wrong clock', async () => {
    const simulator = await start('openrouter', { fault: 'skewed_clock', skewMs: -3_600_000 });
    let response = await chat(simulator);
    for (let call = 0; call < 60 && response.ok; call += 1) response = await chat(simulator);
    expect(response.status).toBe(429);
    const date = Date.parse(response.headers.get('date') ?? '');
    const resetAt = Number(/"X-RateLimit-Reset":"(\d+)"/.exec(await response.text())?.[1]);
    expect(date).toBe(NOW - 3_600_000);
    expect(resetAt - date).toBeGreaterThan(0);
    expect(resetAt - date).toBeLessThanOrEqual(60_000);
  });

  test('are missing, on refusals too', async () => {
    const simulator = await start(
      'openai',
      { fault: 'no_headers' },
      { fault: 'rate_limited', afterCalls: 1 },
    );
    for (const status of [200, 429]) {
      const response = await chat(simulator);
      expect(response.status).toBe(status);
      expect([...response.headers.keys()].filter((name) => /ratelimit|retry/.test(name))).toEqual(
        [],
      );
      expect(response.headers.get('openai-organization')).toBe('org-1');
    }
  });

  test('are no numbers: each kind in turn, or the one named', async () => {
    const simulator = await start('openai', { fault: 'nonsense_headers' });
    const seen: (string | null)[] = [];
    for (let call = 0; call < 5; call++) {
      const response = await chat(simulator);
      seen.push(response.headers.get('x-ratelimit-remaining-requests'));
    }
    const kinds = ['-17', '99999999999999999999999999', 'NaN', '', '9999-12-31T23:59:59Z'];
    expect(new Set(seen)).toEqual(new Set(kinds));
    const named = await headersOf(
      'openai',
      { fault: 'nonsense_headers', nonsense: 'negative' },
      { fault: 'rate_limited' },
    );
    expect(named).toMatchObject({ 'retry-after': '-17', 'x-ratelimit-reset-requests': '-17' });
  });
});

describe('an error', () => {
  test('of a megabyte', async () => {
    const response = await chat(await start('anthropic', { fault: 'huge_error', status: 429 }));
    const text = await response.text();
    expect(response.status).toBe(429);
    expect(text.length).toBeGreaterThan(1_048_576);
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'rate_limit_error' } });
  });

  test('that is a page', async () => {
    const response = await chat(await start('gemini', { fault: 'html_error', status: 503 }));
    expect(response.status).toBe(503);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('<h1>503 Service Unavailable</h1>');
  });

  test('that is not UTF-8', async () => {
    const response = await chat(await start('openai', { fault: 'invalid_text' }));
    expect(response.status).toBe(500);
    const bytes = await response.arrayBuffer();
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toThrow(TypeError);
    expect(Buffer.from(bytes).toString('latin1')).toContain('"error"');
  });
});

test('2 % of overloads are 2 % of the calls, whichever key they come with', async () => {
  const simulator = await start('anthropic', { fault: 'overloaded', probability: 0.02 });
  const statuses = new Map<number, number>();
  for (let call = 0; call < 300; call++) {
    if (call % 50 === 0) simulator.advance(60_000);
    const response = await chat(simulator);
    await response.text();
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  }
  expect(new Set(statuses.keys())).toEqual(new Set([200, 529]));
  expect(statuses.get(529)).toBeGreaterThanOrEqual(2);
  expect(statuses.get(529)).toBeLessThanOrEqual(14);
});

test('a usage limit ends at its date, and the fault with it', async () => {
  const simulator = await start('anthropic', { fault: 'usage_limit', until: '2026-11-27' });
  const day = 86_400_000;
  expect((await chat(simulator)).status).toBe(400);
  simulator.advance(Date.UTC(2026, 10, 27) - NOW - 1);
  expect(simulator.faults()).toMatchObject([{ until: '2026-11-27', endsInMs: 1 }]);
  simulator.advance(1);
  expect((await chat(simulator)).status).toBe(200);
  simulator.set({ fault: 'usage_limit' });
  expect(simulator.faults()).toMatchObject([{ until: '2026-12-01', endsInMs: 4 * day }]);
});
