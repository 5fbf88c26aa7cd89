/** The official SDK against the smaller paths: images, audio, moderations, rerank, files, batches. */
import OpenAI, { NotFoundError, toFile } from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorProfile } from '../../profile/profile-schema.ts';
import { startSimulator } from '../../start-simulator.ts';
import type { Simulator } from '../../start-simulator.ts';

const KEY = 'sk-simulated-key-a';
const PROFILE: SimulatorProfile = {
  organizations: [
    { id: 'org-1', projects: [{ id: 'p1', keys: [{ alias: 'a', value: KEY }] }] },
    { id: 'org-2', projects: [{ id: 'p2', keys: [{ alias: 'b', value: 'sk-simulated-key-b' }] }] },
  ],
  models: [
    { id: 'chat' },
    { id: 'draw', kind: 'images', limits: { requestsPerMinute: 100 } },
    { id: 'hear', kind: 'audio' },
    { id: 'judge', kind: 'moderations' },
    { id: 'rank', kind: 'rerank' },
  ],
};
const PNG = Buffer.from('\x89PNG\r\n\x1a\nrest', 'latin1');

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(): Promise<{ simulator: Simulator; client: OpenAI; other: OpenAI }> {
  const simulator = await startSimulator({ profile: PROFILE });
  open.push(simulator);
  const clientOf = (apiKey: string): OpenAI =>
    new OpenAI({ apiKey, baseURL: simulator.url, maxRetries: 0 });
  return { simulator, client: clientOf(KEY), other: clientOf('sk-simulated-key-b') };
}

const png = (): Promise<File> => toFile(PNG, 'a.png', { type: 'image/png' });
const clip = (): Promise<File> => toFile(Buffer.from('RIFF....WAVEdata'), 'clip.wav');

describe('images', () => {
  test('are made, edited and varied, and what was sent is told', async () => {
    const { simulator, client } = await start();
    const made = await client.images.generate({ model: 'draw', prompt: 'a well', n: 2 });
    expect(made.data).toHaveLength(2);
    const bytes = Buffer.from(made.data?.[0]?.b64_json ?? '', 'base64');
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(made.usage).toMatchObject({ input_tokens: 2, output_tokens: 2112, total_tokens: 2114 });
    const edited = await client.images.edit({
      model: 'draw',
      prompt: 'deeper',
      image: [await png(), await png()],
    });
    expect(edited.data?.[0]?.revised_prompt).toBe('deeper [2 images: image/png, image/png]');
    const varied = await client.images.createVariation({
      model: 'draw',
      image: await png(),
      response_format: 'url',
    });
    expect(varied.data?.[0]?.url).toMatch(/^https:\/\/images\.simulator\.invalid\//);
    expect(simulator.limits()[0]?.remaining).toBeLessThan(98);
    expect(simulator.counts().keys['a']?.byOperation).toEqual({
      'images.generate': 1,
      'images.edit': 1,
      'images.vary': 1,
    });
  });

  test('need a prompt, a model of their kind, and a form that is one', async () => {
    const { simulator, client } = await start();
    await expect(client.images.generate({ model: 'draw', prompt: '' })).rejects.toThrow(/'prompt'/);
    const chat = client.images.generate({ model: 'chat', prompt: 'x' });
    await expect(chat).rejects.toThrow(/not supported in the v1\/images\/generations endpoint/);
    const text = client.images.edit({ model: 'draw', prompt: 'x', image: await clip() });
    await expect(text).rejects.toThrow(/unsupported mimetype/);
    for (const body of ['--x', '--x\r\nno head', '--x\r\n\r\n\r\n--y']) {
      const response = await fetch(`${simulator.url}/images/edits`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${KEY}`,
          'content-type': 'multipart/form-data; boundary=x',
        },
        body,
      });
      expect(response.status).toBe(400);
    }
  });
});

describe('audio', () => {
  test('is spoken as bytes of the format asked for', async () => {
    const { client } = await start();
    const asked = { model: 'hear', voice: 'alloy', input: 'Hello.' };
    const mp3 = await client.audio.speech.create(asked);
    expect(mp3.headers.get('content-type')).toBe('audio/mpeg');
    expect(
      Buffer.from(await mp3.arrayBuffer())
        .subarray(0, 3)
        .toString(),
    ).toBe('ID3');
    const wav = await client.audio.speech.create({ ...asked, response_format: 'wav' });
    const bytes = Buffer.from(await wav.arrayBuffer());
    expect(bytes.byteLength).toBe(bytes.readUInt32LE(4) + 8);
  });

  test('is transcribed in every format, streamed too, and translated', async () => {
    const { client } = await start();
    const text = 'Simulated transcript of clip.wav: audio/wav, 16 bytes';
    const file = await clip();
    const json = await client.audio.transcriptions.create({ model: 'hear', file });
    expect(json).toMatchObject({ text, usage: { type: 'tokens' } });
    const plain = await client.audio.transcriptions.create({
      model: 'hear',
      file,
      response_format: 'text',
    });
    expect(plain).toBe(`${text}\n`);
    const verbose = await client.audio.transcriptions.create({
      model: 'hear',
      file,
      response_format: 'verbose_json',
      language: 'german',
    });
    expect(verbose).toMatchObject({ text, language: 'german', segments: [{ text }] });
    let heard = '';
    const stream = await client.audio.transcriptions.create({ model: 'hear', file, stream: true });
    for await (const event of stream) {
      if (event.type === 'transcript.text.delta') heard += event.delta;
    }
    expect(heard).toBe(text);
    const translated = await client.audio.translations.create({ model: 'hear', file });
    expect(translated.text).toBe(text);
  });
});

test('texts are flagged by the categories they name, documents ranked by the words they share', async () => {
  const { simulator, client } = await start();
  const judged = await client.moderations.create({ input: ['fine', 'flag:violence'] });
  expect(judged.model).toBe('judge');
  expect(judged.results.map(({ flagged }) => flagged)).toEqual([false, true]);
  expect(judged.results[1]?.categories).toMatchObject({ violence: true, hate: false });
  for (const path of ['/v1/rerank', '/v2/rerank']) {
    const response = await fetch(simulator.origin + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: JSON.stringify({
        model: 'rank',
        query: 'clear water',
        documents: ['a dry day', 'clear water', 'some water'],
        top_n: 2,
        return_documents: true,
      }),
    });
    expect(await response.json()).toMatchObject({
      results: [
        { index: 1, relevance_score: 1, document: { text: 'clear water' } },
        { index: 2, relevance_score: 0.5 },
      ],
    });
  }
});

describe('files and batches', () => {
  test('are their organization’s alone', async () => {
    const { client, other } = await start();
    const file = await client.files.create({
      purpose: 'batch',
      file: await toFile(Buffer.from('a\r\n--b\u0000'), 'in.jsonl'),
    });
    expect(file).toMatchObject({ object: 'file', filename: 'in.jsonl', bytes: 7 });
    const content = await (await client.files.content(file.id)).text();
    expect(content).toBe('a\r\n--b\u0000');
    expect((await client.files.list()).data).toMatchObject([{ id: file.id }]);
    expect((await other.files.list()).data).toEqual([]);
    await expect(other.files.retrieve(file.id)).rejects.toThrow(NotFoundError);
    const foreign = other.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    await expect(foreign).rejects.toThrow(/No such File object/);
    expect(await client.files.delete(file.id)).toMatchObject({ deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toThrow(NotFoundError);
  });

  test('a batch moves on each time it is read, and answers each line as the call alone would be', async () => {
    const { client, other } = await start();
    const line = (id: string, model: string): string =>
      JSON.stringify({
        custom_id: id,
        method: 'POST',
        url: '/v1/chat/completions',
        body: { model, messages: [{ role: 'user', content: id }] },
      });
    const input = await client.files.create({
      purpose: 'batch',
      file: await toFile(
        Buffer.from(`${line('one', 'chat')}\n${line('two', 'gpt-0')}\nnone\n`),
        'x',
      ),
    });
    const asked = {
      input_file_id: input.id,
      endpoint: '/v1/chat/completions' as const,
      completion_window: '24h' as const,
    };
    const batch = await client.batches.create(asked);
    expect(batch.status).toBe('validating');
    expect((await client.batches.retrieve(batch.id)).status).toBe('in_progress');
    const done = await client.batches.retrieve(batch.id);
    expect(done).toMatchObject({
      status: 'completed',
      request_counts: { total: 3, completed: 1, failed: 2 },
    });
    const { input_tokens, output_tokens, total_tokens } = done.usage ?? {};
    expect(input_tokens).toBeGreaterThan(0);
    expect(output_tokens).toBeGreaterThan(0);
    expect(total_tokens).toBe(Number(input_tokens) + Number(output_tokens));
    const output = await (await client.files.content(done.output_file_id ?? '')).text();
    expect(JSON.parse(output)).toMatchObject({
      custom_id: 'one',
      response: { status_code: 200, body: { object: 'chat.completion', model: 'chat' } },
    });
    const errors = await (await client.files.content(done.error_file_id ?? '')).text();
    expect(errors).toContain('model_not_found');
    await expect(client.batches.cancel(batch.id)).rejects.toMatchObject({ status: 409 });
    await expect(other.batches.retrieve(batch.id)).rejects.toThrow(NotFoundError);
    const second = await client.batches.create(asked);
    expect((await client.batches.cancel(second.id)).status).toBe('cancelling');
    expect((await client.batches.retrieve(second.id)).status).toBe('cancelled');
    expect((await client.batches.list({ limit: 1 })).data).toMatchObject([{ id: second.id }]);
  });
});

describe('fine-tuning jobs and vector stores', () => {
  test('are one organization’s, and never get anywhere', async () => {
    const { client, other } = await start();
    const { jobs } = client.fineTuning;
    const { id } = await jobs.create({ model: 'chat', training_file: 'file-1' });
    expect(await jobs.retrieve(id)).toMatchObject({ id, status: 'queued', model: 'chat' });
    await expect(other.fineTuning.jobs.retrieve(id)).rejects.toThrow(NotFoundError);
    expect(await jobs.cancel(id)).toMatchObject({ status: 'cancelled' });
    expect((await jobs.list()).data.map((job) => job.id)).toEqual([id]);
    const store = await client.vectorStores.create({ name: 'notes' });
    expect((await client.vectorStores.list()).data.map(({ name }) => name)).toEqual(['notes']);
    await expect(other.vectorStores.retrieve(store.id)).rejects.toThrow(NotFoundError);
    expect(await client.vectorStores.delete(store.id)).toMatchObject({ deleted: true });
    await expect(client.vectorStores.retrieve(store.id)).rejects.toThrow(NotFoundError);
  });

  test('say what is missing', async () => {
    const { simulator } = await start();
    const answer = await fetch(`${simulator.url}/fine_tuning/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: '{"model":"chat"}',
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { param: 'training_file' } });
  });
});
