/** What OpenAI's client keeps at a provider, carries from turn to turn, or holds open: each a small story of its own. */
import { connect } from 'node:net';
import { toFile } from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { Batch } from 'openai/resources/batches';
import type { Response, ResponseInput } from 'openai/resources/responses/responses';
import { expect } from 'vitest';
import { PROMPT, type Place } from './client.contract.ts';
import { openAiAt } from './openai-clients.contract.ts';

export interface KeptThing {
  readonly name: string;
  /** Kinds of providers that can do it; all others have to be left alone with it. */
  readonly kinds: readonly string[];
  /** What is seen beside that it works. */
  readonly run: (place: Place) => Promise<string>;
}

const SEEN = '✓';
const OPENAI = ['openai-compatible', 'openai'];
const FILING = [...OPENAI, 'gemini'];
const ALL = [...FILING, 'anthropic', 'bedrock'];

async function files(place: Place): Promise<string> {
  const { files: of } = openAiAt(place);
  const file = await toFile(Buffer.from(PROMPT), 'notes.txt');
  const headers = { 'keywell-model': place.model };
  const { id } = await of.create({ file, purpose: 'user_data' }, { headers });
  expect(await of.retrieve(id)).toMatchObject({ id, filename: 'notes.txt' });
  expect((await of.list()).data.map((one) => one.id)).toContain(id);
  expect(await (await of.content(id)).text()).toBe(PROMPT);
  expect(await of.delete(id)).toMatchObject({ id, deleted: true });
  return SEEN;
}

async function makeBatch(place: Place): Promise<Batch> {
  const client = openAiAt(place);
  const body = { model: place.model, messages: [{ role: 'user', content: PROMPT }] };
  const endpoint = '/v1/chat/completions';
  const line = JSON.stringify({ custom_id: 'one', method: 'POST', url: endpoint, body });
  const file = await toFile(Buffer.from(line), 'batch.jsonl');
  const { id } = await client.files.create({ file, purpose: 'batch' });
  return client.batches.create({ input_file_id: id, endpoint, completion_window: '24h' });
}

async function batches(place: Place): Promise<string> {
  const client = openAiAt(place);
  let batch = await makeBatch(place);
  for (let turn = 0; turn < 3 && batch.status !== 'completed'; turn += 1) {
    batch = await client.batches.retrieve(batch.id);
  }
  const output = await (await client.files.content(batch.output_file_id ?? '')).text();
  expect(output).toContain('"custom_id":"one"');
  expect(output).toContain(PROMPT);
  expect((await client.batches.list()).data.map(({ id }) => id)).toContain(batch.id);
  const other = await makeBatch(place);
  expect(await client.batches.cancel(other.id)).toMatchObject({ status: 'cancelling' });
  return SEEN;
}

async function storedResponses(place: Place): Promise<string> {
  const { responses } = openAiAt(place);
  const { model } = place;
  const { id } = await responses.create({ model, input: PROMPT });
  expect(await responses.retrieve(id)).toMatchObject({ id, status: 'completed' });
  expect((await responses.inputItems.list(id)).data).toHaveLength(1);
  const next = await responses.create({ model, input: 'And?', previous_response_id: id });
  expect(next.previous_response_id).toBe(id);
  await responses.delete(id);
  await expect(responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  return SEEN;
}

/** The model's turn as it came. */
const turnOf = ({ output }: Response) =>
  output.filter((item) => item.type === 'reasoning' || item.type === 'message');

function proofIn(response: Response): string | null {
  const reasoning = response.output.find((item) => item.type === 'reasoning');
  return reasoning?.encrypted_content ?? null;
}

/** The same conversation with a proof that nobody has given. */
function forged(input: ResponseInput): ResponseInput {
  return input.map((item) => {
    if (item.type !== 'reasoning' || typeof item.encrypted_content !== 'string') return item;
    const proof = item.encrypted_content.replace(/.(?=.{8}$)/, otherLetter);
    return { ...item, encrypted_content: proof };
  });
}

const otherLetter = (letter: string): string => (letter === 'A' ? 'B' : 'A');

/** Two turns without a store: the thoughts of the first go back with the second, and only as they were given. */
async function encryptedReasoning(place: Place): Promise<string> {
  const { responses } = openAiAt(place);
  const asks = {
    model: place.model,
    store: false,
    reasoning: { effort: 'high' as const },
    include: ['reasoning.encrypted_content' as const],
  };
  const input: ResponseInput = [{ role: 'user', content: PROMPT }];
  const first = await responses.create({ ...asks, input });
  expect(first.output_text).toContain(PROMPT);
  const next: ResponseInput = [...input, ...turnOf(first), { role: 'user', content: 'And again?' }];
  const second = await responses.create({ ...asks, input: next });
  expect(second.output_text).toContain('And again?');
  if (proofIn(first) === null) return 'no thoughts are told';
  expect(proofIn(second)).toBeTypeOf('string');
  const wrong = responses.create({ ...asks, input: forged(next) });
  await expect(wrong).rejects.toMatchObject({ status: 400 });
  return SEEN;
}

/** The client knows `wss://` alone: who ends TLS before a gateway is left out here. */
const WITHOUT_TLS: object = {
  createConnection: ({ host, port }: { host: string; port: number }) => connect(port, host),
};

async function realtime(place: Place): Promise<string> {
  const { model } = place;
  const session = new OpenAIRealtimeWS({ model, options: WITHOUT_TLS }, openAiAt(place));
  const spoken = Promise.withResolvers<string>();
  session.on('error', spoken.reject);
  session.socket.on('unexpected-response', (_, { statusCode: status }) => {
    spoken.reject(Object.assign(new Error('no session'), { status }));
  });
  let text = '';
  session.on('session.created', () => {
    const content = [{ type: 'input_text' as const, text: PROMPT }];
    session.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content },
    });
    session.send({ type: 'response.create' });
  });
  session.on('response.output_text.delta', ({ delta }) => (text += delta));
  session.on('response.done', () => spoken.resolve(text));
  try {
    expect(await spoken.promise).toContain(PROMPT);
  } finally {
    session.close();
  }
  return SEEN;
}

export const KEPT_THINGS: readonly KeptThing[] = [
  { name: 'files', kinds: FILING, run: files },
  { name: 'batches', kinds: FILING, run: batches },
  { name: 'stored responses', kinds: ['openai'], run: storedResponses },
  { name: 'encrypted reasoning', kinds: ALL, run: encryptedReasoning },
  { name: 'realtime', kinds: OPENAI, run: realtime },
];
