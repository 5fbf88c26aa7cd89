import { costMicros } from '@keywell/core/budgets/cost';
import type { RequestRecord } from '@keywell/core/log/request-record';
import type { TokenPrice } from '@keywell/core/snapshot/snapshot';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { callRaw, postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const PRICE: TokenPrice = {
  inputMicros: 1_370_000,
  cachedInputMicros: 137_000,
  outputMicros: 10_010_000,
  callMicros: 7,
  longContext: [
    {
      aboveInputTokens: 40,
      inputMicros: 2_740_000,
      cachedInputMicros: 274_000,
      outputMicros: 15_015_000,
    },
  ],
};

let story: Story;
afterAll(() => story.close());

const ask = (more: object = {}): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY },
    { model: 'smart', messages: [{ role: 'user', content: 'hi' }], ...more },
  );

/** The bill of a record's whole usage, in whole numbers. */
function billed({ usage }: RequestRecord): bigint {
  if (usage === null) return 0n;
  const long = usage.inputTokens > 40;
  const [input, output, call] = long
    ? [2_740_000n, 15_015_000n, 0n]
    : [1_370_000n, 10_010_000n, 7_000_000n];
  const sum = BigInt(usage.inputTokens) * input + BigInt(usage.outputTokens) * output + call;
  return (sum + 999_999n) / 1_000_000n;
}

const charges = ({ timeline }: RequestRecord): readonly (number | null)[] =>
  timeline.flatMap((event) => (event.kind === 'verdict' ? [event.costMicros] : []));

describe('what a call costs', () => {
  beforeAll(async () => {
    story = await startStory({
      pools: 20,
      workers: 2,
      pool: { tiers: [{ targets: [{ price: PRICE }] }], firstByteTimeoutMs: 1000 },
      model: { answerWords: 12, eventIntervalMs: 5 },
    });
  });
  beforeEach(() => story.reset());

  it('stands in the log and in a header of whole answers, as the invoice of three hundred calls', async () => {
    let [sum, bill] = [0n, 0n];
    for (let round = 0; round < 10; round += 1) {
      const seen = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          ask({
            stream: index % 3 === 0,
            messages: [{ role: 'user', content: 'word '.repeat(1 + ((round * 7 + index) % 60)) }],
          }),
        ),
      );
      for (const { status, headers } of seen) {
        expect(status).toBe(200);
        const record = await story.recordOf(String(headers['keywell-request-id']));
        expect(BigInt(record.costMicros ?? -1)).toBe(billed(record));
        expect(record.costEstimated).toBe(record.usage?.estimated);
        expect(charges(record)).toEqual([record.costMicros]);
        expect(headers['keywell-cost']).toBe(
          record.streamed ? undefined : String(record.costMicros),
        );
        sum += BigInt(record.costMicros ?? -1);
        bill += billed(record);
      }
    }
    expect(sum).toBe(bill);
    expect(sum).toBeGreaterThan(30_000n);
  });

  it('counts nothing for a refusal, and the attempt that answered', async () => {
    story.simulator.set({ fault: 'rate_limited', key: 'a' });
    const { status, headers } = await ask({ model: story.freshModel() });
    expect(status).toBe(200);
    const record = await story.recordOf(String(headers['keywell-request-id']));
    expect(record.attempts).toBe(2);
    expect(charges(record)).toEqual([0, record.costMicros]);
    expect(record).toMatchObject({ costEstimated: false });
    expect(BigInt(record.costMicros ?? -1)).toBe(billed(record));
  });

  it('counts what may have been carried out, as an estimate', async () => {
    story.simulator.set({ fault: 'stall_silent', key: 'a' });
    const { status, headers } = await ask({ model: story.freshModel() });
    expect(status).toBe(200);
    const record = await story.recordOf(String(headers['keywell-request-id']));
    const [first = null, second = null] = charges(record);
    expect(first).toBeGreaterThan(0);
    expect(record).toMatchObject({
      costEstimated: true,
      costMicros: (first ?? 0) + (second ?? 0),
    });
    expect(headers['keywell-cost']).toBe(String(record.costMicros));
  });

  it('is estimated, and marked, where the caller left a stream', async () => {
    const call = callRaw(
      story.port,
      { key: STORY_KEY },
      {
        model: story.freshModel(),
        stream: true,
        messages: [{ role: 'user', content: 'hello' }],
      },
    );
    await until(() => call.received().includes('data: {'), 'the first event');
    call.socket.resetAndDestroy();
    await story.quiet();
    const record = await until(
      async () => (await story.records()).find(({ aborted }) => aborted) ?? null,
      'the log record of the call',
    );
    if (record.usage === null) throw new Error('no usage');
    expect(record).toMatchObject({ costEstimated: true, usage: { estimated: true } });
    expect(record.costMicros).toBe(costMicros(record.usage, PRICE));
    expect(record.costMicros).toBeGreaterThan(0);
  });

  it('is nothing where nothing was sent', async () => {
    const { headers } = await ask({ model: 'nobody-has-it' });
    const record = await story.recordOf(String(headers['keywell-request-id']));
    expect(record).toMatchObject({ costMicros: 0, costEstimated: false, attempts: 0 });
    expect(headers['keywell-cost']).toBeUndefined();
  });
});

describe('without a price', () => {
  beforeAll(async () => {
    await story.close();
    story = await startStory({ pool: { tiers: [{ targets: [{ price: null }] }] } });
  });

  it('is not known, counted, and never 0', async () => {
    const { status, headers } = await ask();
    expect(status).toBe(200);
    expect(headers['keywell-cost']).toBeUndefined();
    const record = await story.recordOf(String(headers['keywell-request-id']));
    expect(record).toMatchObject({ costMicros: null });
    expect(charges(record)).toEqual([null]);
    expect(story.metric('keywell_cost_unknown_total')).toBe(1);
    expect(story.node.attemptsWithoutPrice()).toBe(1);
    expect(story.metric('keywell_cost_micros_total{usage="reported"}')).toBe(0);
  });
});
