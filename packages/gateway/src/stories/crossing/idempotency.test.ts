/** A translated answer that is given again: the same bytes, and nobody pays for it twice. */
import { startStory, type Story } from '@keywell/testkit/gateway-story';
import { until } from '@keywell/testkit/until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OUTBOUNDS } from '../clients/outbounds.contract.ts';
import { askBy, WAYS } from './ways.contract.ts';

const PRICE = { inputMicros: 1e6, cachedInputMicros: 1e6, outputMicros: 1e6 };
const TOOL = { name: 'get_weather', schema: { type: 'object', properties: {} } };

describe.each(OUTBOUNDS)('by a provider of kind $kind', ({ kind, model: id }) => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory({
      kind,
      workers: 2,
      keys: [{ id: 'a' }],
      pools: 2,
      model: { id, answerWords: 20 },
      idempotency: { enabled: true },
      consumers: [{ budget: { amountMicros: 1e12, period: 'day' } }],
      pool: { tiers: [{ targets: [{ model: id, price: PRICE }] }] },
    });
  });
  afterAll(() => story.close());

  const calls = (): number => story.called()['a'] ?? 0;
  const spent = async (): Promise<number> => {
    await until(() => story.node.spend()[0]?.heldMicros === 0, 'every call to be booked');
    return story.node.spend()[0]?.spentMicros ?? 0;
  };

  it.each(
    WAYS.flatMap((way) =>
      ['hello there', 'Please ask get_weather.'].map((prompt) => ({ way, prompt })),
    ),
  )('$way.name, to $prompt', async ({ way, prompt }) => {
    const before = calls();
    const asked = {
      model: 'smart',
      question: { prompt, tools: [TOOL] },
      headers: { 'idempotency-key': `${way.name} ${prompt}`.replaceAll(' ', '-') },
    };
    const first = await askBy(story, way, asked);
    expect(first).toMatchObject({ status: 200, clean: true });
    const paid = await spent();
    const again = await Promise.all([1, 2, 3].map(() => askBy(story, way, asked)));
    for (const seen of again) {
      expect(seen).toMatchObject({ status: 200, clean: true, text: first.text });
      expect(seen.headers).toMatchObject({
        'keywell-idempotent-replay': 'true',
        'content-type': first.headers['content-type'],
        'keywell-provider': 'openai',
      });
      expect(seen.headers['keywell-dropped']).toBe(first.headers['keywell-dropped']);
      const record = await story.recordOf(String(seen.headers['keywell-request-id']));
      expect(record).toMatchObject({ attempts: 0, usage: null, costMicros: 0 });
    }
    expect(calls()).toBe(before + 1);
    expect(await spent()).toBe(paid);
    const record = await story.recordOf(String(first.headers['keywell-request-id']));
    expect(record.costMicros).toBeGreaterThan(0);
    // In another way it is another call, although Gemini's bodies are the same in all of its ways.
    for (const other of WAYS.filter(({ name }) => name !== way.name)) {
      expect([other.name, (await askBy(story, other, asked)).status]).toEqual([other.name, 422]);
    }
    const elsewhere = await askBy(story, way, { ...asked, model: 'smart-2' });
    expect(elsewhere.status).toBe(422);
  });
});
