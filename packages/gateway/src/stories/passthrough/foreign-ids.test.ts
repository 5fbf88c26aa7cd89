/** What another consumer made here is not there for a call that is passed through; what nobody here made is the provider's to judge. */
import { createServer, type Server } from 'node:http';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const CONSUMERS = ['web', 'other'].map((id) => ({ id, models: ['*'], passthrough: ['*'] }));
const [OWNER, OTHER] = [0, 1];

let story: Story;
let asked: string[] = [];
let made = 0;
const provider: Server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  request.resume().on('end', () => {
    made += 1;
    const object = { id: `file-made-${made}`, object: 'file', purpose: 'user_data' };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(object));
  });
});
/** The file that `web` has. */
let file = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  const baseUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`;
  const keys = [{ id: 'a' }];
  story = await startStory({
    workers: 2,
    consumers: CONSUMERS,
    providers: () => [
      { kind: 'openai', baseUrl, passthrough: ['/**'], keys },
      { id: 'second', kind: 'openai', baseUrl, passthrough: ['/**'], keys },
    ],
  });
  const form = new FormData();
  form.set('purpose', 'user_data');
  form.set('file', new Blob(['notes']), 'notes.txt');
  const answer = await fetch(`${story.url}/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${consumerKey(OWNER)}` },
    body: form,
  });
  const said: unknown = await answer.json();
  file = String(Reflect.get(Object(said), 'id'));
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await story.close();
  provider.closeAllConnections();
  provider.close();
});

interface Call {
  readonly path: string;
  readonly body?: unknown;
  readonly form?: Record<string, string>;
}

/** Ways to name it. */
const WAYS: readonly (readonly [string, (id: string) => Call])[] = [
  ['in the path', (id) => ({ path: `vector_stores/vs_1/files/${id}` })],
  ['in the query', (id) => ({ path: `things?after=${id}` })],
  ['in a body', (id) => ({ path: 'fine_tuning/jobs', body: { training_file: id } })],
  ['deep in a body', (id) => ({ path: 'things', body: { a: [{ file_ids: ['file-x1', id] }] } })],
  ['in a form', (id) => ({ path: 'things', form: { file_id: id } })],
];

function call(consumer: number, { path, body, form }: Call, at = 'openai'): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${consumerKey(consumer)}` };
  const url = `${story.url}/providers/${at}/${path}`;
  if (form !== undefined) {
    const data = new FormData();
    for (const [name, value] of Object.entries(form)) data.set(name, value);
    return fetch(url, { method: 'POST', headers, body: data });
  }
  if (body === undefined) return fetch(url, { headers });
  headers['content-type'] = 'application/json';
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe.each(WAYS)('an id %s', (_, way) => {
  it('of what another consumer has is answered as if it were not there, and nobody is asked', async () => {
    const answer = await call(OTHER, way(file));
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: 'object_not_found' } });
    expect(asked).toEqual([]);
  });

  it('of what the caller has is passed on', async () => {
    expect((await call(OWNER, way(file))).status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it('that nobody here has is passed on', async () => {
    expect((await call(OTHER, way('file-unknown-1'))).status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it('of what another consumer has at another provider is passed on', async () => {
    expect((await call(OTHER, way(file), 'second')).status).toBe(200);
    expect(asked).toHaveLength(1);
  });
});

it('a call that names more than anybody means is refused', async () => {
  const ids = Array.from({ length: 20_001 }, (_, at) => `id-${at}`);
  const answer = await call(OTHER, { path: 'things', body: { ids } });
  expect(answer.status).toBe(400);
  expect(asked).toEqual([]);
});
