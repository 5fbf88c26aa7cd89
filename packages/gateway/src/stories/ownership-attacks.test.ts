/** Ids of what is not the caller's, and ids that are none: told apart by nothing, and never asked about. */
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const ODD_IDS: Readonly<Record<string, string>> = {
  'is 10,000 letters': 'file-'.padEnd(10_000, 'a'),
  'is two lines': 'file-a\r\nx-injected: yes',
  'is two lines, escaped': 'file-a%0d%0ax-injected:%20yes',
  'leads elsewhere': '../batches/batch_1',
  'leads elsewhere, escaped': '..%2fbatches%2fbatch_1',
  'leads elsewhere, escaped twice': '%252e%252e%252fbatches',
  'ends in nothing': 'file-a\0',
  'has a query': 'file-a?purpose=x',
  'has a fragment': 'file-a#b',
  'is in another script': 'file-а',
  'is a lone surrogate': 'file-\ud800',
  'is a name of every object': '__proto__',
  'is another': 'constructor',
  'is half an escape': 'file-%',
};

let story: Story;
let asked: string[] = [];
/** What the provider gives what it makes as its id. */
let madeId: unknown = 'file-1';
let provider: Server;

beforeAll(async () => {
  provider = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => {
      const object = {
        id: madeId,
        object: 'file',
        purpose: 'user_data',
        status: 'completed',
        output: [],
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(object));
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  const port = typeof address === 'object' ? address?.port : 0;
  story = await startStory({
    consumers: [{ id: 'web' }, { id: 'other' }],
    providers: () => [
      { kind: 'openai', baseUrl: `http://127.0.0.1:${port}/v1`, keys: [{ id: 'a' }, { id: 'b' }] },
    ],
  });
});
beforeEach(() => {
  asked = [];
  madeId = 'file-1';
});
afterAll(async () => {
  await story.close();
  provider.closeAllConnections();
  provider.close();
});

const bearer = (consumer: number) => ({ authorization: `Bearer ${consumerKey(consumer)}` });
const at = (consumer: number, method: string, path: string): Promise<Response> =>
  fetch(`${story.url}${path}`, { method, headers: bearer(consumer) });
const post = (path: string, body: object) =>
  postJson({ url: story.url, key: consumerKey(1), path }, body);

/** On a bare socket, because no client would send such a path. */
function statusOf(path: string): Promise<number> {
  const socket = connect({ port: story.port, host: '127.0.0.1' });
  return new Promise((resolve) => {
    let text = '';
    socket.on('error', () => resolve(0));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)));
    socket.write(
      Buffer.from(
        `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer(1).authorization}\r\nconnection: close\r\n\r\n`,
      ),
    );
  });
}

async function upload(): Promise<Response> {
  const form = new FormData();
  form.set('purpose', 'user_data');
  form.set('file', new Blob(['x']), 'x.txt');
  return fetch(`${story.url}/files`, { method: 'POST', headers: bearer(0), body: form });
}

/** The words of an answer without what is of the call alone. */
const wordsOf = async (answer: Response, id: string): Promise<string> =>
  (await answer.text())
    .replaceAll(id, 'ID')
    .replaceAll(answer.headers.get('keywell-request-id') ?? '-', 'REQ');

describe('an id', () => {
  it('of somebody else is answered as one that nobody has, in the same words', async () => {
    expect((await upload()).status).toBe(200);
    asked = [];
    for (const [method, part] of [
      ['GET', ''],
      ['GET', '/content'],
      ['DELETE', ''],
    ] as const) {
      const theirs = await at(1, method, `/files/file-1${part}`);
      const nobodys = await at(1, method, `/files/file-2${part}`);
      expect([theirs.status, nobodys.status]).toEqual([404, 404]);
      expect(await wordsOf(theirs, 'file-1')).toBe(await wordsOf(nobodys, 'file-2'));
    }
    expect(asked).toEqual([]);
    expect((await at(0, 'GET', '/files/file-1')).status).toBe(200);
  });

  it.each(Object.entries(ODD_IDS))('that %s asks nobody, wherever it stands', async (_, id) => {
    for (const path of ['files', 'batches', 'responses']) {
      const status = await statusOf(`/v1/${path}/${id}`);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    }
    const message = { role: 'user', content: [{ type: 'file', file: { file_id: id } }] };
    for (const [path, body] of [
      [
        '/batches',
        { input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' },
      ],
      ['/responses', { model: 'smart', input: 'x', previous_response_id: id }],
      [
        '/responses',
        {
          model: 'smart',
          input: [{ role: 'user', content: [{ type: 'input_file', file_id: id }] }],
        },
      ],
      ['/chat/completions', { model: 'smart', messages: [message] }],
    ] as const) {
      const seen = await post(path, body);
      expect([400, 404]).toContain(seen.status);
      expect(seen.text.length).toBeLessThan(2000);
    }
    expect(asked).toEqual([]);
  });

  it.each([
    ...Object.entries(ODD_IDS),
    ['is a number', 7],
    ['is a list', ['file-1']],
    ['is nothing', null],
  ] as const)(
    'that a provider gives and that %s is told on, belongs to nobody, and breaks nothing',
    async (_, id) => {
      madeId = id;
      const answer = await upload();
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ object: 'file' });
      const listed = await (await at(0, 'GET', '/files')).text();
      // A plain word is an id like any other.
      const ids = [...listed.matchAll(/"id":([^,]+)/g)].map(([, shown]) => shown);
      for (const shown of ids) expect(['"file-1"', '"constructor"']).toContain(shown);
      expect(story.events.filter(({ kind }) => kind === 'defect')).toEqual([]);
    },
  );

  it('that a provider gives to two consumers belongs to each, and to each where it is', async () => {
    await upload();
    const form = new FormData();
    form.set('purpose', 'user_data');
    form.set('file', new Blob(['x']), 'x.txt');
    await fetch(`${story.url}/files`, { method: 'POST', headers: bearer(1), body: form });
    expect((await at(1, 'GET', '/files/file-1')).status).toBe(200);
    madeId = 'gone';
    expect((await at(1, 'DELETE', '/files/file-1')).status).toBe(200);
    expect((await at(1, 'GET', '/files/file-1')).status).toBe(404);
    madeId = 'file-1';
    expect((await at(0, 'GET', '/files/file-1')).status).toBe(200);
  });

  it.each(['limit=0', 'limit=-1', 'limit=1e9', 'limit=x', 'limit=1.5', 'limit=%00', 'limit=NaN'])(
    'is listed by no page of %s',
    async (query) => {
      expect((await at(0, 'GET', `/files?${query}`)).status).toBe(400);
    },
  );
});
