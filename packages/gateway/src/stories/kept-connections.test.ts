/** A provider closes a kept connection just as a call goes out on it: sent once more, on a fresh connection, and no more than that. */
import { createServer, type Server, type Socket } from 'node:net';
import OpenAI, { toFile } from 'openai';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { afterEach, describe, expect, it } from 'vitest';

const CHUNK = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const STREAM = `${CHUNK({ content: 'hello' }, null)}${CHUNK({}, 'stop')}data: [DONE]\n\n`;
const WHOLE = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
});
const answerOf = (type: string, body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Which requests of a connection are answered; the others are what it is reset with. */
let answers: (connection: number, request: number) => boolean = () => true;
/** Requests of each connection, in the order in which they were made. */
let heard: number[] = [];
let server: Server;
let story: Story;
const sockets = new Set<Socket>();

function serve(socket: Socket): void {
  const connection = heard.length;
  heard.push(0);
  sockets.add(socket);
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const head = text.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0);
    if (head < 0 || text.length < head + 4 + length) return;
    const streamed = text.includes('"stream":true');
    text = '';
    const request = (heard[connection] ?? 0) + 1;
    heard[connection] = request;
    if (!answers(connection, request)) socket.resetAndDestroy();
    else
      socket.write(
        streamed ? answerOf('text/event-stream', STREAM) : answerOf('application/json', WHOLE),
      );
  });
}

async function start(keys: readonly { id: string }[] = [{ id: 'a' }]): Promise<void> {
  heard = [];
  server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  story = await startStory({
    providers: () => [{ kind: 'openai', baseUrl: `http://127.0.0.1:${port}/v1`, keys }],
  });
}
afterEach(async () => {
  await story.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

const ask = (more: object = {}): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY },
    { model: 'smart', messages: [{ role: 'user', content: 'hello' }], ...more },
  );
const verdictsOf = async (seen: Seen) =>
  (await story.recordOf(String(seen.headers['keywell-request-id']))).timeline.flatMap((event) =>
    event.kind === 'verdict' ? event.evidence : [],
  );

describe('a kept connection that is reset as the next call goes out', () => {
  it.each([false, true])(
    'costs one more sending, on a fresh one (streamed: %s)',
    async (stream) => {
      await start();
      answers = (connection, request) => connection > 0 || request === 1;
      expect(await ask({ stream })).toMatchObject({ status: 200, clean: true });
      const seen = await ask({ stream });
      expect(seen).toMatchObject({ status: 200, clean: true });
      expect(seen.text).toContain('hello');
      expect(heard).toEqual([2, 1]);
      expect(seen.headers['keywell-attempts']).toBe('2');
      expect((await verdictsOf(seen))[0]).toContain('reset_reused');
      expect(story.key('a').state).toBe('ready');
      // The fresh one is kept in its turn.
      await ask();
      expect(heard).toEqual([2, 2]);
    },
  );

  it('is not sent again and again when fresh ones are reset as well', async () => {
    await start();
    answers = (connection, request) => connection === 0 && request === 1;
    await ask();
    const seen = await ask();
    expect(seen.status).toBeGreaterThanOrEqual(500);
    expect(heard.slice(0, 2)).toEqual([2, 1]);
    expect(heard.length).toBeLessThanOrEqual(3);
    await story.quiet();
  });

  it('is not sent again where it would leave something twice', async () => {
    await start();
    answers = (connection, request) => connection > 0 || request === 1;
    await ask();
    const client = new OpenAI({ apiKey: STORY_KEY, baseURL: story.url, maxRetries: 0 });
    const file = await toFile(Buffer.from('notes'), 'notes.txt');
    await expect(client.files.create({ file, purpose: 'user_data' })).rejects.toMatchObject({
      status: 504,
    });
    expect(heard).toEqual([2]);
  });

  it('closed by the provider while nobody used it is noticed, and the call goes out once', async () => {
    await start();
    answers = () => true;
    await ask();
    for (const socket of sockets) socket.end();
    await new Promise((resolve) => {
      for (const socket of sockets) socket.on('close', resolve);
    });
    const seen = await ask();
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.headers['keywell-attempts']).toBe('1');
    expect(heard).toEqual([1, 1]);
  });
});
