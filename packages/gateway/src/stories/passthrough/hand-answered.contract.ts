/** A gateway before a provider that answers by hand, and what reached it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';

/** A call as it came to the provider. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** One character a byte. */
  readonly body: string;
}

export const AWS = {
  access_key_id: 'AKIDEXAMPLE0000000AB',
  secret_access_key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'eu-central-1',
};
export const CLIENT_SECRET = 'canary-client-secret';

export interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData;
  readonly consumer?: number;
}

/** Everything that a test needs of it; made once for a file by `handAnswered`. */
export class HandAnswered {
  readonly asked: Asked[] = [];
  answer: (response: ServerResponse, asked: Asked) => void = () => undefined;
  readonly #upstream: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString('latin1') };
      this.asked.push(one);
      this.answer(response, one);
    });
  });
  #story: Story | null = null;
  #origin = '';

  get story(): Story {
    if (this.#story === null) throw new Error('the story has not begun');
    return this.#story;
  }

  get origin(): string {
    return this.#origin;
  }

  async start(): Promise<void> {
    this.#origin = await listen(this.#upstream);
    this.#story = await startStory({
      keys: [{ id: 'a' }],
      pool: { maxWaitMs: 4000 },
      traffic: { maxBodyBytes: 4096 },
      idempotency: { enabled: true },
      consumers: [
        { models: ['odd/gpt-5'], passthrough: ['*'] },
        { id: 'thrifty', passthrough: ['*'], budget: { amountMicros: 1e9, period: 'day' } },
      ],
      providers: (simulator) => providersAt(this.#origin, simulator.origin),
    });
  }

  reset(): void {
    this.story.reset();
    this.asked.length = 0;
    this.answer = (response) => json(response, 200, { ok: true });
  }

  async stop(): Promise<void> {
    await this.#story?.close();
    this.#upstream.closeAllConnections();
    this.#upstream.close();
  }

  /** Calls below `/v1/providers/`. */
  call(path: string, { consumer = 0, headers = {}, ...rest }: Call = {}): Promise<Response> {
    return fetch(`${this.story.url}/providers/${path}`, {
      ...rest,
      headers: { authorization: `Bearer ${consumerKey(consumer)}`, ...headers },
    });
  }

  post(path: string, value: unknown = { x: 1 }, headers: Record<string, string> = {}) {
    return this.call(path, {
      method: 'POST',
      body: JSON.stringify(value),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  /** How many keys were shown to the provider. */
  keysAsked(): number {
    return new Set(this.asked.map(({ headers }) => headers.authorization)).size;
  }

  cooldowns() {
    return this.story.node.keys().flatMap((key) => key.cooldowns);
  }
}

/** One for the tests of a file. */
export function handAnswered(): HandAnswered {
  const world = new HandAnswered();
  beforeAll(() => world.start());
  beforeEach(() => world.reset());
  afterAll(() => world.stop());
  return world;
}

export const json = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

export const error = (message: string, code: string) => ({
  error: { message, type: code, code },
});

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve(`http://127.0.0.1:${port}`);
    });
  });
}

const ONE_KEY = [{ id: 'k1', value: 'sk-upstream-k1' }];

function providersAt(origin: string, tokens: string) {
  const baseUrl = `${origin}/v1`;
  const keys = ['k1', 'k2'].map((id) => ({
    id,
    value: `sk-upstream-${id}`,
    domain: ['org', id],
  }));
  const refresh = JSON.stringify({
    token_url: `${tokens}/oauth/token`,
    client_id: 'me',
    client_secret: CLIENT_SECRET,
    refresh_token: 'sk-simulated-a',
  });
  return [
    { id: 'odd', baseUrl, passthrough: ['/**'], keys },
    { id: 'claude', kind: 'anthropic', baseUrl, passthrough: ['/**'], keys: ONE_KEY },
    {
      id: 'query',
      baseUrl,
      passthrough: ['/**'],
      auth: { kind: 'query', name: 'subscription' } as const,
      apiVersion: '2026-01-01',
      keys: ONE_KEY,
    },
    {
      id: 'aws',
      kind: 'bedrock',
      baseUrl: origin,
      passthrough: ['POST /guardrail/**'],
      keys: [{ id: 'k1', value: JSON.stringify(AWS) }],
    },
    {
      id: 'google',
      kind: 'vertex',
      baseUrl: `${origin}/v1/projects/p/locations/us-central1`,
      passthrough: ['GET /tuningJobs'],
      keys: [{ id: 'k1', value: refresh }],
    },
  ];
}
