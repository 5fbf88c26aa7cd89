import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHeadReader, createLineEncoder, decodeLine } from './record-line.ts';
import type { RequestRecord, TimelineEvent, TokenUsage } from './request-record.ts';
import { tokenUsage } from './token-usage.ts';
import { servedRecord } from './served-record.contract.ts';

const count = fc.nat();
/** Mostly none, so that lines without any are common. */
const part = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, count);
const millis = fc.double({ min: 0, max: 1e7, noNaN: true }).map((ms) => Math.abs(ms));
const text = fc.oneof(
  fc.constantFrom('', 'openai', 'a\tb', 'a,b', '"', '{', '\n', '\u2028', '\u0000', '\ud800'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const orNull = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null });

const usage: fc.Arbitrary<TokenUsage> = fc.record({
  inputTokens: count,
  outputTokens: count,
  cachedTokens: count,
  cacheWriteTokens: part,
  cacheWriteHourTokens: part,
  reasoningTokens: count,
  audioInputTokens: part,
  audioOutputTokens: part,
  imageInputTokens: part,
  imageOutputTokens: part,
  estimated: fc.boolean(),
});

const event: fc.Arbitrary<TimelineEvent> = fc.oneof(
  fc.record({
    at: millis,
    kind: fc.constant('candidates' as const),
    tier: count,
    eligible: count,
    excluded: fc.array(
      fc.record({
        provider: text,
        key: text,
        why: fc.constantFrom('tried' as const, 'busy' as const),
        scope: fc.constantFrom('key' as const, 'none' as const),
        endsInMs: orNull(count),
      }),
      { maxLength: 2 },
    ),
  }),
  fc.record({
    at: millis,
    kind: fc.constant('attempt' as const),
    attempt: count,
    tier: count,
    provider: text,
    model: text,
    key: text,
    domain: text,
    why: fc.constantFrom('first' as const, 'rotation' as const),
  }),
  fc.record({
    at: millis,
    kind: fc.constant('verdict' as const),
    attempt: count,
    class: fc.constantFrom('success' as const, 'slow_down' as const),
    scope: fc.constantFrom('none' as const, 'key' as const),
    status: count,
    evidence: text,
    endsInMs: orNull(count),
    authoritative: fc.boolean(),
    usage: orNull(usage),
    costMicros: orNull(count),
    costEstimated: fc.boolean(),
  }),
  fc.record({ at: millis, kind: fc.constant('wait' as const), waitMs: millis, why: text }),
  fc.record({ at: millis, kind: fc.constant('end' as const), status: count, why: text }),
);

const anyRecord: fc.Arbitrary<RequestRecord> = fc.record({
  id: fc.oneof(fc.constantFrom('req_m1-0a', '0'), text),
  startedAt: fc.oneof(fc.nat({ max: 4e12 }), millis),
  durationMs: millis,
  firstByteMs: orNull(millis),
  method: text,
  path: text,
  operation: text,
  dialect: text,
  status: fc.constantFrom(0, 200, 429, 499),
  errorCode: orNull(text),
  aborted: fc.boolean(),
  streamed: fc.boolean(),
  consumer: orNull(text),
  model: orNull(text),
  pool: orNull(text),
  provider: orNull(text),
  upstreamModel: orNull(text),
  key: orNull(text),
  attempts: count,
  waitMs: millis,
  requestBytes: count,
  responseBytes: count,
  usage: orNull(usage),
  costMicros: orNull(count),
  costEstimated: fc.boolean(),
  timeline: fc.array(event, { maxLength: 4 }),
});

const FIELDS = ['durationMs', 'status', 'key', 'path', 'usage', 'provider', 'costMicros'] as const;

/** A record that its first key served. */
function served(
  given: Partial<RequestRecord> = {},
  target: { tier?: number; domain?: string } = {},
): RequestRecord {
  const own = servedRecord(given);
  const attempt = {
    at: 0.4,
    kind: 'attempt' as const,
    attempt: 1,
    tier: 0,
    provider: own.provider ?? '',
    model: own.upstreamModel ?? '',
    key: own.key ?? '',
    domain: 'openai/org-1',
    why: 'first' as const,
    ...target,
  };
  const verdict = {
    at: 12.1,
    kind: 'verdict' as const,
    attempt: 1,
    class: 'success' as const,
    scope: 'none' as const,
    status: own.status,
    evidence: '',
    endsInMs: null,
    authoritative: false,
    usage: own.usage,
    costMicros: own.costMicros,
    costEstimated: own.costEstimated,
  };
  const end = { at: own.durationMs, kind: 'end' as const, status: own.status, why: 'answered' };
  return { ...own, timeline: [attempt, verdict, end] };
}

/** Served records in which any field of an event, or of the record, may be otherwise. */
const almostServed: fc.Arbitrary<RequestRecord> = fc
  .tuple(
    anyRecord,
    fc.subarray([...FIELDS]),
    fc.array(fc.tuple(fc.nat({ max: 2 }), event)),
    fc.nat({ max: 9 }),
  )
  .map(([other, fields, events, dropped]) => {
    const record = served({ usage: other.usage, durationMs: other.durationMs });
    const timeline = record.timeline.map((known, at) => {
      const odd = events.find(([index, { kind }]) => index === at && kind === known.kind)?.[1];
      const [name, value] = Object.entries(odd ?? {}).at(dropped) ?? ['at', known.at];
      return { ...known, [name]: value };
    });
    const odd = Object.fromEntries(fields.map((field) => [field, other[field]]));
    return { ...record, ...odd, timeline: timeline.filter((_, index) => index !== dropped - 5) };
  });

describe('a record as a line', () => {
  it('comes back as it was, whatever it holds, and is one line', () => {
    const encode = createLineEncoder();
    fc.assert(
      fc.property(fc.oneof(anyRecord, almostServed), (record) => {
        const line = encode(record);
        expect(line).not.toMatch(/[\n\r]/);
        expect(decodeLine(line)).toEqual(record);
      }),
      { numRuns: 2000 },
    );
  });

  it('tells its head as the whole record does', () => {
    const encode = createLineEncoder();
    const read = createHeadReader();
    fc.assert(
      fc.property(fc.oneof(anyRecord, almostServed), (record) => {
        const { id, startedAt, status, errorCode, consumer, model, provider, key } = record;
        expect(read(encode(record))).toMatchObject({
          id,
          startedAt,
          shared: { status, errorCode, consumer, model, provider, key },
        });
      }),
    );
  });

  it('leaves out the timeline only of what the first key served', () => {
    const encode = createLineEncoder();
    expect(encode(served())).not.toContain('verdict');
    expect(encode({ ...served(), timeline: served().timeline.slice(1) })).toContain('verdict');
  });

  it('is not taken for another one that has all but one field in common with it', () => {
    const encode = createLineEncoder();
    const texts = ['errorCode', 'method', 'path', 'operation', 'dialect', 'consumer', 'model'];
    const more = ['pool', 'provider', 'upstreamModel', 'key'];
    const other: [string, unknown][] = Object.entries({
      status: 201,
      aborted: true,
      streamed: true,
      attempts: 2,
    });
    for (const name of [...texts, ...more]) other.push([name, 'x']);
    for (const [name, value] of other) {
      const changed = { ...served(), [name]: value };
      expect(decodeLine(encode(served()))).toEqual(served());
      expect(decodeLine(encode(changed))).toEqual(changed);
    }
    for (const target of [{}, { tier: 1 }, {}, { domain: 'x' }]) {
      expect(decodeLine(encode(served({}, target)))).toEqual(served({}, target));
    }
  });

  it('is read from lines of before there were costs and kinds of tokens', () => {
    const told = tokenUsage({ inputTokens: 7, outputTokens: 5, cachedTokens: 3, estimated: true });
    const record = served({ usage: told, costMicros: null });
    const shared = createLineEncoder()(record).split('\t')[2];
    const line = `${record.startedAt},${record.id}\t12.5,10.25,0,300,900,0.4,12.1,7,5,3,0,1\t${shared}`;
    expect(decodeLine(line)).toEqual(record);
    const { costMicros: _, costEstimated: __, ...old } = record;
    const counted = { inputTokens: 7, outputTokens: 5, cachedTokens: 3, reasoningTokens: 0 };
    const json = { ...old, usage: { ...counted, estimated: true } };
    expect(decodeLine(JSON.stringify(json))).toEqual(record);
    const without = served({ costMicros: null });
    const none = `${record.startedAt},${record.id}\t12.5,10.25,0,300,900,0.4,12.1\t${shared}`;
    expect(decodeLine(none)).toEqual(without);
  });

  it('is read when it is plain JSON', () => {
    expect(decodeLine(JSON.stringify(served()))).toEqual(served());
  });

  it.each([
    '',
    'x',
    '1,a',
    '1,a\t2',
    '1,a\t2\t',
    '1,a\t2\t{}',
    '1,a\t2\t[1]',
    '1,"\t2\t[]',
    '{"id":7}',
  ])('has no head when it is no line: %j', (line) => {
    expect(createHeadReader()(line)).toBeNull();
  });
});
