/**
 * How a record travels and is kept: one line of text. What many records share (route, consumer, model, key, status) is one JSON array
 * that is built and parsed once for all of them, and the timeline of a request that its first key served is left out, because it
 * follows from the rest. The parts stand between tabs, which never occur inside of them, because JSON escapes them:
 *
 *     startedAt,id ⇥ numbers, cost, tokens ⇥ [what many share] (⇥ [timeline], where it does not follow)
 *
 * A line that starts with `{` is a whole record as JSON.
 */
import type { RequestRecord, TimelineEvent, TokenUsage } from './request-record.ts';
import { sameUsage, tokenUsage } from './token-usage.ts';

/** The fields that many records have in common, in the order in which they stand in a line. */
const SHARED = [
  'status',
  'errorCode',
  'aborted',
  'streamed',
  'method',
  'path',
  'operation',
  'dialect',
  'consumer',
  'model',
  'pool',
  'provider',
  'upstreamModel',
  'key',
  'attempts',
] as const;

type Shared = Pick<RequestRecord, (typeof SHARED)[number]>;

/** Of the attempt whose timeline is left out, what no other field tells. */
interface Target {
  readonly tier: number;
  readonly domain: string;
}

const NO_TARGET: Target = { tier: 0, domain: '' };

/** The fields of a record that can be told without reading all of it. */
export interface LineHead {
  readonly startedAt: number;
  readonly id: string;
  readonly shared: Readonly<
    Pick<RequestRecord, 'status' | 'errorCode' | 'consumer' | 'model' | 'provider' | 'key'>
  >;
}

/** Bounds what an encoder or a reader remembers. */
const MAX_REMEMBERED = 1024;
const MAX_REMEMBERED_CHARS = 1024;
const PLAIN_ID = /^[\w-]+$/;

/** Makes the lines of one writer. No line holds a line break. */
export function createLineEncoder(): (record: RequestRecord) => string {
  const known = new Map<string, { record: Shared; target: Target; text: string }>();
  const sharedText = (record: RequestRecord, target: Target): string => {
    const { key, consumer, model, status, streamed } = record;
    const name = `${key}/${consumer}/${model}/${status}/${streamed}`;
    const last = known.get(name);
    if (last !== undefined && isShared(last, record, target)) return last.text;
    const values = SHARED.map((field) => record[field]);
    const text = JSON.stringify([...values, target.tier, target.domain]);
    if (known.size >= MAX_REMEMBERED) known.clear();
    if (text.length > MAX_REMEMBERED_CHARS) return text;
    const { id: _, timeline: __, ...shared } = record;
    known.set(name, { record: shared, target: { tier: target.tier, domain: target.domain }, text });
    return text;
  };
  return (record) => {
    const head = `${record.startedAt},${idText(record.id)}\t${numbersText(record)}`;
    const { timeline } = record;
    const [attempt, verdict] = timeline;
    if (attempt?.kind !== 'attempt' || verdict === undefined || !follows(record)) {
      const rest = `${costText(record)}${usageText(record.usage)}`;
      return `${head},,${rest}\t${sharedText(record, NO_TARGET)}\t${JSON.stringify(timeline)}`;
    }
    const rest = `${costText(record)}${usageText(record.usage)}`;
    return `${head},${attempt.at},${verdict.at}${rest}\t${sharedText(record, attempt)}`;
  };
}

function idText(id: string): string {
  return PLAIN_ID.test(id) ? id : JSON.stringify(id);
}

function numbersText(record: RequestRecord): string {
  const { durationMs, firstByteMs, waitMs, requestBytes, responseBytes } = record;
  return `${durationMs},${firstByteMs ?? ''},${waitMs},${requestBytes},${responseBytes}`;
}

/** The cost, marked `~` where it is estimated and `?` where it is unknown. Lines of before there was one have a plain number there, or nothing. */
function costText({ costMicros, costEstimated }: RequestRecord): string {
  return `,${costEstimated ? '~' : '='}${costMicros ?? '?'}`;
}

/** What is 0 in most records is left out where it is 0 in this one. */
function usageText(usage: TokenUsage | null): string {
  if (usage === null) return '';
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens, estimated } = usage;
  const plain = `,${inputTokens},${outputTokens},${cachedTokens},${reasoningTokens},${estimated ? 1 : 0}`;
  const { cacheWriteTokens, cacheWriteHourTokens } = usage;
  const { audioInputTokens, audioOutputTokens, imageInputTokens, imageOutputTokens } = usage;
  const heard = audioInputTokens + audioOutputTokens + imageInputTokens + imageOutputTokens;
  if (cacheWriteTokens + cacheWriteHourTokens + heard === 0) return plain;
  const media = `${audioInputTokens},${audioOutputTokens},${imageInputTokens},${imageOutputTokens}`;
  return `${plain},${cacheWriteTokens},${cacheWriteHourTokens},${media}`;
}

/** Whether the timeline is that of a request which its first key served, so that it can be told from the other fields. */
function follows(record: RequestRecord): boolean {
  const [attempt, verdict, end] = record.timeline;
  return (
    record.timeline.length === 3 &&
    attempt?.kind === 'attempt' &&
    verdict?.kind === 'verdict' &&
    end?.kind === 'end' &&
    isFirst(attempt, record) &&
    isSuccess(verdict, record) &&
    end.at === record.durationMs &&
    end.status === record.status &&
    end.why === 'answered'
  );
}

function isFirst(event: Extract<TimelineEvent, { kind: 'attempt' }>, record: RequestRecord) {
  return (
    event.attempt === 1 &&
    event.why === 'first' &&
    event.provider === record.provider &&
    event.model === record.upstreamModel &&
    event.key === record.key
  );
}

function isSuccess(event: Extract<TimelineEvent, { kind: 'verdict' }>, record: RequestRecord) {
  return (
    event.attempt === 1 &&
    event.class === 'success' &&
    event.scope === 'none' &&
    event.status === record.status &&
    event.evidence === '' &&
    event.endsInMs === null &&
    !event.authoritative &&
    event.costMicros === record.costMicros &&
    event.costEstimated === record.costEstimated &&
    sameUsage(event.usage, record.usage)
  );
}

/** Field by field, because that takes a third of the time of a loop over their names. */
function isShared(
  known: { readonly record: Shared; readonly target: Target },
  record: Shared,
  target: Target,
): boolean {
  const { tier, domain } = known.target;
  return (
    tier === target.tier &&
    domain === target.domain &&
    isSameCall(known.record, record) &&
    isSameEnd(known.record, record)
  );
}

function isSameCall(a: Shared, b: Shared): boolean {
  return (
    a.method === b.method &&
    a.path === b.path &&
    a.operation === b.operation &&
    a.dialect === b.dialect &&
    a.streamed === b.streamed &&
    a.consumer === b.consumer &&
    a.model === b.model &&
    a.pool === b.pool
  );
}

function isSameEnd(a: Shared, b: Shared): boolean {
  return (
    a.status === b.status &&
    a.errorCode === b.errorCode &&
    a.aborted === b.aborted &&
    a.attempts === b.attempts &&
    a.provider === b.provider &&
    a.upstreamModel === b.upstreamModel &&
    a.key === b.key
  );
}

/** Throws when the text is something else. */
function parseShared(text: string): { readonly shared: Shared; readonly target: Target } {
  const values: unknown = JSON.parse(text);
  if (!Array.isArray(values) || values.length !== SHARED.length + 2) {
    throw new SyntaxError('not a line of the request log');
  }
  const shared = Object.fromEntries(SHARED.map((field, index) => [field, values[index]]));
  const [tier, domain] = values.slice(SHARED.length);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the encoder
  return { shared, target: { tier, domain } } as { shared: never; target: Target };
}

function parseId(text: string): string {
  if (!text.startsWith('"')) return text;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON that starts with a quote is a string
  return JSON.parse(text) as string;
}

/** Reads the heads of lines of this format, not of plain JSON; null when a line is none. */
export function createHeadReader(): (line: string) => LineHead | null {
  const known = new Map<string, Shared>();
  const sharedIn = (text: string): Shared => {
    const last = known.get(text);
    if (last !== undefined) return last;
    const { shared } = parseShared(text);
    if (known.size >= MAX_REMEMBERED) known.clear();
    // not the text itself: it is a part of a longer one, all of which would stay in memory
    if (text.length <= MAX_REMEMBERED_CHARS) known.set(`${text} `.slice(0, -1), shared);
    return shared;
  };
  return (line) => {
    const comma = line.indexOf(',');
    const first = line.indexOf('\t', comma);
    const second = line.indexOf('\t', first + 1);
    if (comma < 1 || first === -1 || second === -1) return null;
    const third = line.indexOf('\t', second + 1);
    try {
      return {
        startedAt: Number(line.slice(0, comma)),
        id: parseId(line.slice(comma + 1, first)),
        shared: sharedIn(line.slice(second + 1, third === -1 ? line.length : third)),
      };
    } catch {
      return null;
    }
  };
}

/** The record of a line; throws when it is none. */
export function decodeLine(line: string): RequestRecord {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by our own gateway
  if (line.startsWith('{')) return withCosts(JSON.parse(line) as RequestRecord);
  const [head = '', body = '', common = '', timeline] = line.split('\t');
  const { shared, target } = parseShared(common);
  const comma = head.indexOf(',');
  const [durationMs = '', firstByteMs = '', waitMs, requestBytes, responseBytes, ...rest] =
    body.split(',');
  const [attemptAt, verdictAt, ...counted] = rest;
  const { tokens, ...cost } = parseCost(counted);
  const record = {
    id: parseId(head.slice(comma + 1)),
    startedAt: Number(head.slice(0, comma)),
    durationMs: Number(durationMs),
    firstByteMs: firstByteMs === '' ? null : Number(firstByteMs),
    ...shared,
    waitMs: Number(waitMs),
    requestBytes: Number(requestBytes),
    responseBytes: Number(responseBytes),
    usage: parseUsage(tokens),
    ...cost,
  };
  if (timeline === undefined) {
    const at = { attempt: Number(attemptAt), verdict: Number(verdictAt) };
    return { ...record, timeline: timelineOf(record, target, at) };
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the encoder
  const events = JSON.parse(timeline) as readonly TimelineEvent[];
  return { ...record, timeline: events.map(eventWithCost) };
}

interface Cost {
  readonly costMicros: number | null;
  readonly costEstimated: boolean;
}

/** What a line of before there were costs knows of it. */
const NO_COST: Cost = { costMicros: null, costEstimated: false };

/** The cost is the field with a mark, where there is one. */
function parseCost(fields: readonly string[]): Cost & { readonly tokens: readonly string[] } {
  const [text = '', ...tokens] = fields;
  const mark = text.charAt(0);
  if (mark !== '=' && mark !== '~') return { ...NO_COST, tokens: fields };
  const amount = text.slice(1);
  return {
    costMicros: amount === '?' ? null : Number(amount),
    costEstimated: mark === '~',
    tokens,
  };
}

/** A whole record as JSON may be of before there were costs and kinds of tokens. */
function withCosts(record: RequestRecord): RequestRecord {
  const { usage, timeline } = record;
  return {
    ...NO_COST,
    ...record,
    usage: usage === null ? null : tokenUsage(usage),
    timeline: timeline.map(eventWithCost),
  };
}

function eventWithCost(event: TimelineEvent): TimelineEvent {
  if (event.kind !== 'verdict') return event;
  const { usage } = event;
  return { ...NO_COST, ...event, usage: usage === null ? null : tokenUsage(usage) };
}

function parseUsage(tokens: readonly string[]): TokenUsage | null {
  if (tokens.length === 0) return null;
  const [inputTokens, outputTokens, cachedTokens, reasoningTokens, estimated, ...parts] =
    tokens.map(Number);
  const [cacheWriteTokens, cacheWriteHourTokens, ...media] = parts;
  const [audioInputTokens, audioOutputTokens, imageInputTokens, imageOutputTokens] = media;
  return tokenUsage({
    inputTokens,
    outputTokens,
    cachedTokens,
    reasoningTokens,
    estimated: estimated === 1,
    cacheWriteTokens,
    cacheWriteHourTokens,
    audioInputTokens,
    audioOutputTokens,
    imageInputTokens,
    imageOutputTokens,
  });
}

/** The timeline that was left out. */
function timelineOf(
  record: Omit<RequestRecord, 'timeline'>,
  target: Target,
  at: { readonly attempt: number; readonly verdict: number },
): readonly TimelineEvent[] {
  return [
    {
      at: at.attempt,
      kind: 'attempt',
      attempt: 1,
      tier: target.tier,
      provider: record.provider ?? '',
      model: record.upstreamModel ?? '',
      key: record.key ?? '',
      domain: target.domain,
      why: 'first',
    },
    {
      at: at.verdict,
      kind: 'verdict',
      attempt: 1,
      class: 'success',
      scope: 'none',
      status: record.status,
      evidence: '',
      endsInMs: null,
      authoritative: false,
      usage: record.usage,
      costMicros: record.costMicros,
      costEstimated: record.costEstimated,
    },
    { at: record.durationMs, kind: 'end', status: record.status, why: 'answered' },
  ];
}
