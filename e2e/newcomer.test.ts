import { lstatSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { APIError, AuthenticationError, NotFoundError } from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendBigBody, type BigUpload } from './support/big-upload.ts';
import { findInFolder } from './support/find-in-folder.ts';
import {
  eventually,
  launchKeywell,
  startKeywell,
  type KeywellOptions,
  type KeywellProcess,
} from './support/keywell-process.ts';

const KEY_PATTERN = /kw_[0-9A-Za-z]+_[0-9A-Za-z]+/g;
const MESSAGES = [{ role: 'user' as const, content: 'Hello' }];

describe('the first start in an empty folder', () => {
  let keywell: KeywellProcess;
  let key: string;
  let client: OpenAI;

  beforeAll(async () => {
    keywell = await startKeywell({ config: null, named: false });
    await untilPrinted(keywell, 'Try it');
    key = keywell.output().match(KEY_PATTERN)?.[0] ?? '';
    client = new OpenAI({ apiKey: key, baseURL: keywell.baseUrl, maxRetries: 0 });
  });

  afterAll(() => keywell?.dispose());

  it('prints one consumer key, and keeps it nowhere', () => {
    expect(new Set(keywell.output().match(KEY_PATTERN))).toEqual(new Set([key]));
    expect(keywell.output()).toContain('a simulated provider answers');
    expect(findInFolder(keywell.dir, key)).toEqual([]);
  });

  it('prints a call that works as it stands, and whose answer says who answered', async () => {
    const printed = printedCall(keywell.output());
    const answer = await fetch(printed.url, {
      method: 'POST',
      headers: printed.headers,
      body: printed.body,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('keywell-provider')).toBe('simulator');
    expect(await answer.json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: expect.stringContaining('Hello') } }],
    });
  });

  it('keeps everything it wrote from other users', async () => {
    await client.chat.completions.create({ model: 'smart', messages: MESSAGES });
    expect((await keywell.admin('/api/v1/logs')).status).toBe(200);
    expect(modeOf(keywell.dataDir)).toBe('700');
    const entries = readdirSync(keywell.dataDir, { recursive: true, withFileTypes: true });
    const open = entries
      .map((entry) => ({ entry, mode: modeOf(join(entry.parentPath, entry.name)) }))
      .filter(({ entry, mode }) => mode !== (entry.isDirectory() ? '700' : '600'))
      .map(({ entry, mode }) => `${entry.name} ${mode}`);
    expect(entries.length).toBeGreaterThan(5);
    expect(open).toEqual([]);
  });

  describe('with the official SDK', () => {
    it('chats', async () => {
      const answer = await client.chat.completions.create({ model: 'smart', messages: MESSAGES });
      expect(answer.choices[0]?.message.content).toContain('Hello');
      expect(answer.usage?.total_tokens).toBeGreaterThan(0);
    });

    it('streams, without usage that nobody asked for', async () => {
      const chunks = await collect(
        await client.chat.completions.create({ model: 'smart', stream: true, messages: MESSAGES }),
      );
      expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toContain(
        'Hello',
      );
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
      expect(chunks.every((chunk) => chunk.choices.length === 1)).toBe(true);
      expect(chunks.filter((chunk) => chunk.usage !== undefined && chunk.usage !== null)).toEqual(
        [],
      );
    });

    it('streams with usage at the end when asked for', async () => {
      const chunks = await collect(
        await client.chat.completions.create({
          model: 'smart',
          stream: true,
          stream_options: { include_usage: true },
          messages: MESSAGES,
        }),
      );
      expect(chunks.at(-1)?.choices).toEqual([]);
      expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
    });

    it('offers tools', async () => {
      const answer = await client.chat.completions.create({
        model: 'smart',
        messages: [{ role: 'user', content: 'What is the weather?' }],
        tool_choice: { type: 'function', function: { name: 'get_weather' } },
        tools: [
          {
            type: 'function',
            function: {
              name: 'get_weather',
              parameters: { type: 'object', properties: { city: { type: 'string' } } },
            },
          },
        ],
      });
      const [call] = answer.choices[0]?.message.tool_calls ?? [];
      expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
    });

    it('completes', async () => {
      const answer = await client.completions.create({
        model: 'gpt-3.5-turbo-instruct',
        prompt: 'Hello',
      });
      expect(answer.choices[0]?.text).not.toBe('');
    });

    it('embeds', async () => {
      const answer = await client.embeddings.create({
        model: 'text-embedding-3-small',
        input: ['one', 'two'],
      });
      expect(answer.data).toHaveLength(2);
      expect(answer.data[0]?.embedding.length).toBeGreaterThan(100);
    });

    it('lists models and looks one up', async () => {
      const { data } = await client.models.list();
      expect(data.map((model) => model.id)).toContain('smart');
      expect(await client.models.retrieve('smart')).toMatchObject({ id: 'smart', object: 'model' });
      await expect(client.models.retrieve('none')).rejects.toMatchObject({ status: 404 });
    });

    it('gets the errors it knows', async () => {
      const stranger = new OpenAI({
        apiKey: 'sk-from-somewhere-else',
        baseURL: keywell.baseUrl,
        maxRetries: 0,
      });
      const refused = stranger.chat.completions.create({ model: 'smart', messages: MESSAGES });
      await expect(refused).rejects.toBeInstanceOf(AuthenticationError);
      const unknown = client.chat.completions.create({ model: 'gpt-unknown', messages: MESSAGES });
      await expect(unknown).rejects.toBeInstanceOf(NotFoundError);
      await expect(unknown).rejects.toSatisfy(
        (error) => error instanceof APIError && error.code === 'model_not_found',
      );
    });
  });

  describe('tells a newcomer what would be right', () => {
    const chat = JSON.stringify({ model: 'smart', messages: MESSAGES });

    interface Mistake {
      readonly path?: string;
      readonly method?: 'GET' | 'POST';
      readonly key?: (key: string) => string | null;
      readonly body?: string | URLSearchParams | null;
      readonly status: number;
      readonly code: string;
      readonly param?: string;
      readonly hint: RegExp;
    }

    it.each<[string, Mistake]>([
      [
        'no key',
        {
          key: () => null,
          status: 401,
          code: 'missing_credentials',
          hint: /Authorization: Bearer/,
        },
      ],
      [
        'a key of somewhere else',
        { key: () => 'sk-1234', status: 401, code: 'invalid_credentials', hint: /Check the key/ },
      ],
      [
        'the key without its last letter',
        {
          key: (right) => right.slice(0, -1),
          status: 401,
          code: 'invalid_credentials',
          hint: /Check the key/,
        },
      ],
      [
        'malformed JSON',
        {
          body: chat.slice(0, -1),
          status: 400,
          code: 'malformed_json',
          hint: /byte \d+.*JSON object/,
        },
      ],
      ['an empty body', { body: null, status: 400, code: 'malformed_json', hint: /JSON object/ }],
      [
        'an unknown model',
        {
          body: chat.replace('smart', 'gpt-9'),
          status: 404,
          code: 'model_not_found',
          param: 'model',
          hint: /"gpt-9".*\/v1\/models/,
        },
      ],
      [
        'a wrong path',
        { path: '/chat/completions', status: 404, code: 'not_found', hint: /\/chat\/completions/ },
      ],
      [
        'a wrong method',
        { method: 'GET', body: null, status: 405, code: 'method_not_allowed', hint: /allow/ },
      ],
      [
        'a form',
        {
          body: new URLSearchParams({ model: 'smart' }),
          status: 415,
          code: 'unsupported_media_type',
          hint: /application\/json/,
        },
      ],
    ])('%s', async (_name, mistake) => {
      const { path = '/v1/chat/completions', method = 'POST', body = chat } = mistake;
      const used = mistake.key === undefined ? key : mistake.key(key);
      const answer = await fetch(`${keywell.origin}${path}`, {
        method,
        body,
        headers: {
          ...(used === null ? {} : { authorization: `Bearer ${used}` }),
          ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
        },
      });
      expect(answer.status).toBe(mistake.status);
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.get('keywell-request-id')).toMatch(/^req_/);
      expect(await answer.json()).toEqual({
        error: {
          message: expect.stringMatching(mistake.hint),
          type: expect.any(String),
          param: mistake.param ?? null,
          code: mistake.code,
        },
      });
    });

    it.each<[BigUpload['framing'], BigUpload['client']]>([
      ['length', 'listens'],
      ['chunked', 'listens'],
      ['length', 'sends_all'],
      ['chunked', 'sends_all'],
    ])('100 MB, framed by %s, from a client that %s', async (framing, patience) => {
      const answer = await sendBigBody({
        port: keywell.ports.traffic,
        key,
        bytes: 100 * 1024 * 1024,
        framing,
        client: patience,
      });
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toMatch(/"code":"payload_too_large"/);
      expect(answer).toMatch(/larger than \d+ bytes/);
    });
  });
});

describe('later starts', () => {
  const started: KeywellProcess[] = [];

  afterEach(async () => {
    for (const keywell of started.splice(0)) await keywell.dispose();
  });

  async function start(options: KeywellOptions): Promise<KeywellProcess> {
    const keywell = await startKeywell(options);
    started.push(keywell);
    return keywell;
  }

  async function refused(
    options: KeywellOptions,
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const keywell = await launchKeywell(options);
    started.push(keywell);
    return { code: await keywell.exited, output: keywell.output() };
  }

  it('print no key and say how to get another; the first one goes on working', async () => {
    const first = await start({ config: null, named: false });
    await untilPrinted(first, 'Try it');
    const key = first.output().match(KEY_PATTERN)?.[0] ?? '';
    expect(await first.stop()).toBe(0);
    const second = await start({ config: null, named: false, dir: first.dir });
    await untilPrinted(second, 'Try it');
    expect(second.output()).not.toMatch(KEY_PATTERN);
    expect(second.output()).toContain('consumers add');
    const client = new OpenAI({ apiKey: key, baseURL: second.baseUrl, maxRetries: 0 });
    const answer = await client.chat.completions.create({ model: 'smart', messages: MESSAGES });
    expect(answer.choices).toHaveLength(1);
  });

  it('on a data folder in use say so, exit non-zero, and leave the running one alone', async () => {
    const first = await start({ config: null, named: false });
    const second = await refused({ config: null, named: false, dir: first.dir });
    expect(second.code).toBe(1);
    expect(second.output).toContain(first.dataDir);
    expect(second.output).toContain(`in use by process ${first.child.pid}`);
    expect(second.output).toContain('--data');
    expect((await fetch(`${first.origin}/readyz`)).status).toBe(200);
  });

  it('with a wrong file exit 4 and say file, line, path and what would be right', async () => {
    const config = configWith('env:STORY_KEY').replace('kind: openai', 'kind: opnai');
    const env = { STORY_KEY: 'sk-story-canary' };
    const { code, output } = await refused({ config, named: false, env });
    expect(code).toBe(4);
    expect(output).toMatch(/keywell\.yaml:4:\d+: error: providers\[0\]\.kind: /);
    expect(output).toContain('"openai"');
  });

  it('with a file that is not there, but was named, are refused', async () => {
    const { code, output } = await refused({ config: null });
    expect(code).toBe(4);
    expect(output).toContain('keywell.yaml');
    expect(output).not.toMatch(KEY_PATTERN);
  });

  it.each([
    ['an environment variable that is not set', 'env:STORY_KEY_NOT_SET', /STORY_KEY_NOT_SET/],
    ['a file that is not there', 'file:./no-such-secret', /no-such-secret/],
    ['a variable of the simulator', 'env:KEYWELL_SIMULATOR_KEY_A', /KEYWELL_SIMULATOR_KEY_A/],
  ])('whose key is in %s are refused, and never simulated', async (_name, value, hint) => {
    const { code, output } = await refused({ config: configWith(value), named: false });
    expect(code).toBe(4);
    expect(output).toMatch(hint);
    expect(output).toMatch(/keywell\.yaml:5:\d+/);
    expect(output).not.toContain('simulated');
    expect(output).not.toContain('is up');
  });

  it('a file that appears beside a running simulator and cannot be used changes nothing', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'keywell-story-'));
    const keywell = await start({ config: null, named: false, dir });
    writeFileSync(join(dir, 'keywell.yaml'), configWith('env:STORY_KEY_NOT_SET'));
    const reload = await keywell.admin('/api/v1/reload', { method: 'POST' });
    expect(reload.status).toBe(422);
    expect(await reload.text()).toContain('STORY_KEY_NOT_SET');
    expect(await keywell.stop()).toBe(0);
    const { code, output } = await refused({ config: null, named: false, dir });
    expect(code).toBe(4);
    expect(output).toContain('STORY_KEY_NOT_SET');
  });
});

function configWith(value: string): string {
  return `version: 1
providers:
  - id: openai
    kind: openai
    keys: [{ id: a, value: '${value}' }]
pools: [{ id: chat, tiers: [{ targets: [{ provider: openai, model: gpt-5-mini }] }] }]
models: [{ alias: smart, pool: chat }]
`;
}

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o777).toString(8);
}

async function collect<T>(stream: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

async function untilPrinted(keywell: KeywellProcess, text: string): Promise<void> {
  await eventually(`it prints ${text}`, () => keywell.output().includes(text));
}

/** The curl line of the banner, taken apart as a shell would. */
function printedCall(output: string): {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
} {
  const line = output.slice(output.indexOf('curl ')).replaceAll('\\\n', ' ');
  const headers = [...line.matchAll(/-H '([^:]+): ([^']*)'/g)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );
  return {
    url: /curl (\S+)/.exec(line)?.[1] ?? '',
    headers: Object.fromEntries(headers),
    body: /-d '([^']*)'/.exec(line)?.[1] ?? '',
  };
}
