import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, inject, it } from 'vitest';
import { startSimulator } from '@keywell/simulator/start-simulator';
import { newConsumerKey } from './support/consumer-keys.ts';
import { KeptConnection } from './support/kept-connection.ts';
import { startKeywell, type KeywellProcess } from './support/keywell-process.ts';

const CYCLES = inject('long') ? 25 : 3;
const CALLERS = 32;
const UNDER_LOAD_MS = 1000;
/** How often a load balancer looks. */
const LOOK_EVERY_MS = 50;

const consumer = newConsumerKey();
const KEY = 'sk-restarts-canary';
const simulator = await startSimulator({
  profile: {
    organizations: [{ id: 'org', projects: [{ id: 'p', keys: [{ alias: 'a', value: KEY }] }] }],
    models: [
      {
        id: 'gpt-5-mini',
        limits: { requestsPerMinute: 10_000_000, tokensPerMinute: 10_000_000_000 },
      },
    ],
  },
});

const config = `version: 1
providers:
  - id: openai
    kind: openai
    base_url: '${simulator.url}'
    keys: [{ id: a, value: 'env:RESTARTS_KEY' }]
pools: [{ id: chat, tiers: [{ targets: [{ provider: openai, model: gpt-5-mini }] }] }]
models: [{ alias: smart, pool: chat }]
consumers: [{ id: web, key_hash: '${consumer.keyHash}', models: ['*'] }]
`;

let keywell: KeywellProcess | null = null;

afterAll(async () => {
  await keywell?.dispose();
  await simulator.close();
});

/** What a load balancer knows: whether new connections may be made. */
class Readiness {
  ready = false;
  readonly #origin: string;
  readonly #ended = new AbortController();
  readonly #looking: Promise<void>;

  constructor(origin: string) {
    this.#origin = origin;
    this.#looking = this.#look();
  }

  async #look(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const headers = { connection: 'close' };
      const answer = await fetch(`${this.#origin}/readyz`, { headers }).catch(() => null);
      await answer?.arrayBuffer();
      this.ready = answer?.status === 200;
      await pause(LOOK_EVERY_MS);
    }
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#looking;
  }
}

interface Tally {
  served: number;
  readonly failures: unknown[];
}

/** Calls on and on: a new connection only while the gateway is ready, nothing more on one that the gateway said it would close. */
async function callOn(
  at: { readonly port: number; readonly readiness: Readiness; readonly stop: AbortSignal },
  streamed: boolean,
  tally: Tally,
): Promise<void> {
  const body = { model: 'smart', stream: streamed, messages: [{ role: 'user', content: 'hi' }] };
  const connection = new KeptConnection({ port: at.port, key: consumer.key });
  let connected = false;
  while (!at.stop.aborted) {
    if (!connected && !at.readiness.ready) {
      await pause(5);
      continue;
    }
    try {
      const answer = await connection.post(body);
      connected = !answer.closes;
      const whole = !streamed || answer.text.trimEnd().endsWith('data: [DONE]');
      if (answer.status === 200 && whole) tally.served += 1;
      else tally.failures.push(answer);
    } catch (error) {
      connected = false;
      tally.failures.push(error);
    }
    await pause(5);
  }
  connection.close();
}

it(`fails no call over ${CYCLES} stops and starts under load`, { timeout: 600_000 }, async () => {
  const env = { RESTARTS_KEY: KEY };
  let running = await startKeywell({ config, env });
  keywell = running;
  const { dir, ports } = running;
  const readiness = new Readiness(running.origin);
  const load = new AbortController();
  const tally: Tally = { served: 0, failures: [] };
  const at = { port: ports.traffic, readiness, stop: load.signal };
  const callers = Array.from({ length: CALLERS }, (_, index) => callOn(at, index % 4 === 0, tally));
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const before = tally.served;
    await pause(UNDER_LOAD_MS);
    const stoppedAt = performance.now();
    expect(await running.stop()).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
    expect(tally.served - before).toBeGreaterThan(CALLERS);
    running = await startKeywell({ config: null, dir, ports, env });
    keywell = running;
  }
  await pause(UNDER_LOAD_MS);
  load.abort();
  await Promise.all(callers);
  await readiness.end();
  expect(tally.failures).toEqual([]);
  expect(simulator.counts().total.calls).toBe(tally.served);
});
