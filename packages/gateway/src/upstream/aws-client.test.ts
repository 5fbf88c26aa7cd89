import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  type ConverseCommandInput,
} from '@aws-sdk/client-bedrock-runtime';
import { converseCodec } from '@keywell/wire/bedrock-converse/codec';
import { encodeFrame } from '@keywell/wire/bedrock-converse/event-stream';
import { Drops } from '@keywell/wire/canonical/drops';
import { afterEach, beforeEach, expect, it } from 'vitest';

const MODEL = 'us.anthropic.claude-sonnet-4-20250514-v1:0';
const INPUT: ConverseCommandInput = {
  modelId: MODEL,
  system: [{ text: 'Be brief.' }],
  messages: [
    {
      role: 'user',
      content: [
        { text: 'Grüße 😀' },
        { image: { format: 'png', source: { bytes: Uint8Array.of(1, 2, 3) } } },
      ],
    },
  ],
  inferenceConfig: { maxTokens: 10 },
};
const EVENTS: readonly (readonly [string, object])[] = [
  ['messageStart', { role: 'assistant' }],
  ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hal' } }],
  ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'lo' } }],
  ['contentBlockStop', { contentBlockIndex: 0 }],
  ['messageStop', { stopReason: 'end_turn' }],
  [
    'metadata',
    { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 }, metrics: { latencyMs: 4 } },
  ],
];

let server: Http2Server;
let client: BedrockRuntimeClient;
/** The body that the official client sent last. */
let sent: string;
let answer: { readonly type: string; readonly body: Uint8Array | string };

beforeEach(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      sent = Buffer.concat(chunks).toString();
      response.writeHead(200, { 'content-type': answer.type });
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo;
  client = new BedrockRuntimeClient({
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 's', sessionToken: 'st' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

it('signs as the official client does, and its body is read and written as it is', async () => {
  answer = {
    type: 'application/json',
    body: JSON.stringify({
      output: { message: { role: 'assistant', content: [{ text: 'Hallo' }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
      metrics: { latencyMs: 4 },
    }),
  };
  const said = await client.send(new ConverseCommand(INPUT));
  expect(said.output?.message?.content).toEqual([{ text: 'Hallo' }]);

  const body = JSON.parse(sent);
  const decoded = converseCodec.decodeRequest(body, { model: MODEL, stream: false });
  if (!decoded.ok) throw new Error(decoded.message);
  expect(converseCodec.encodeRequest(decoded.value, new Drops())).toEqual(body);
});

it('writes a stream that the official client reads', async () => {
  const frames = EVENTS.map(([name, data]) => encodeFrame(name, JSON.stringify(data)));
  answer = { type: 'application/vnd.amazon.eventstream', body: Buffer.concat(frames) };
  const { stream } = await client.send(new ConverseStreamCommand(INPUT));
  const read: unknown[] = [];
  for await (const event of stream ?? []) read.push(event);
  expect(read).toEqual(EVENTS.map(([name, data]) => ({ [name]: data })));
});

it('fails a stream in a way that the official client knows', async () => {
  const exception = encodeFrame('exception:throttlingException', '{"message":"Too many requests"}');
  answer = { type: 'application/vnd.amazon.eventstream', body: exception };
  await expect(client.send(new ConverseStreamCommand(INPUT))).rejects.toMatchObject({
    name: 'ThrottlingException',
    message: 'Too many requests',
  });
});
