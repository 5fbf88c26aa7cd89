import { judgeMerge, type MergeEvidence } from './merge-suggestion.ts';

/** What one worker sent with each key in a span of time, and what the last answer said was left. */
export interface FlowReport {
  /** Monotonic milliseconds shared by the threads of the node. */
  readonly from: number;
  readonly to: number;
  readonly flows: readonly Flow[];
}

export interface Flow {
  readonly provider: string;
  readonly key: string;
  readonly group: string;
  readonly sent: number;
  readonly sample: FlowSample | null;
}

/** What one answer told about requests. */
export interface FlowSample {
  readonly limit: number;
  readonly remaining: number;
  /** Until everything is back or the window ends, from when the request was sent, milliseconds; null where it was not told. */
  readonly resetInMs: number | null;
  readonly sentAt: number;
}

/** Two keys that seem to draw on one bucket. Nothing follows but that somebody is told. */
export interface MergeSuggestion {
  readonly provider: string;
  readonly group: string;
  readonly keys: readonly [string, string];
  /** How far the first one's remaining falls for each request of the second. */
  readonly evidence: MergeEvidence;
}

/** Counts lie in buckets of this length. */
const BUCKET_MS = 250;
/** As far back as an answer may lie: two minutes. */
const BUCKETS = 480;
/** Shorter intervals say little beside the slips between counts and answers. */
const LEAST_INTERVAL_MS = 4000;
const LONGEST_INTERVAL_MS = 60_000;
/** Until every worker has told what it sent. */
const LATE_MS = 1500;
const MAX_INTERVALS = 160;
const MAX_KEYS = 24;
const MAX_GROUPS = 8;

/**
 * Collects what is needed to see whether keys share a bucket, in bounded memory (below 7 MB): 24 keys of each of 8 limit groups, the
 * last 160 intervals of each. What comes beyond that is not watched.
 */
export class FlowLedger {
  readonly #groups = new Map<string, GroupFlows>();

  /** Takes in what a worker tells. */
  take({ from, to, flows }: FlowReport): void {
    for (const flow of flows) {
      const group = this.#groupOf(flow);
      const series = group?.seriesOf(flow.key);
      if (group === undefined || series === undefined) continue;
      series.count(flow.sent, from, to);
      if (flow.sample !== null) series.waiting.push(flow.sample);
    }
    for (const group of this.#groups.values()) group.settle(to - LATE_MS);
  }

  /** Keys that are watched now, in all groups. */
  watched(): number {
    return [...this.#groups.values()].reduce((sum, group) => sum + group.size, 0);
  }

  /** Pairs that share a bucket by all that is known now; each pair once. */
  suggestions(): readonly MergeSuggestion[] {
    return [...this.#groups.values()].flatMap((group) => group.suggestions());
  }

  #groupOf({ provider, group }: Flow): GroupFlows | undefined {
    const name = JSON.stringify([provider, group]);
    const known = this.#groups.get(name);
    if (known !== undefined || this.#groups.size >= MAX_GROUPS) return known;
    const made = new GroupFlows(provider, group);
    this.#groups.set(name, made);
    return made;
  }
}

/** The keys of one limit group of one provider. */
class GroupFlows {
  readonly #provider: string;
  readonly #group: string;
  readonly #series = new Map<string, Series>();

  constructor(provider: string, group: string) {
    this.#provider = provider;
    this.#group = group;
  }

  get size(): number {
    return this.#series.size;
  }

  seriesOf(key: string): Series | undefined {
    const known = this.#series.get(key);
    if (known !== undefined || this.#series.size >= MAX_KEYS) return known;
    const made = new Series(key);
    this.#series.set(key, made);
    return made;
  }

  /** Makes intervals of the answers to requests that were sent before this instant. */
  settle(before: number): void {
    const all = [...this.#series.values()];
    for (const series of all) series.settle(before, all);
  }

  suggestions(): readonly MergeSuggestion[] {
    const all = [...this.#series.values()];
    return all.flatMap((one, at) =>
      all.slice(at + 1).flatMap((two): readonly MergeSuggestion[] => {
        const [forth, back] = [one.judge(all.indexOf(two)), two.judge(at)];
        const where = { provider: this.#provider, group: this.#group };
        if (forth.shared && !back.apart)
          return [{ ...where, keys: [one.key, two.key], evidence: forth }];
        if (back.shared && !forth.apart)
          return [{ ...where, keys: [two.key, one.key], evidence: back }];
        return [];
      }),
    );
  }
}

interface Interval {
  readonly durationMs: number;
  readonly drop: number;
  readonly own: number;
  /** What each key of the group sent, by its place. */
  readonly sent: Float64Array;
}

/** One key: what it sent, and the intervals between answers to it. */
class Series {
  readonly key: string;
  readonly waiting: FlowSample[] = [];
  readonly #counts = new Float64Array(BUCKETS);
  readonly #stamps = new Float64Array(BUCKETS).fill(-1);
  readonly #intervals: Interval[] = [];
  #last: FlowSample | null = null;

  constructor(key: string) {
    this.key = key;
  }

  /** Spreads a count evenly over its span. */
  count(sent: number, from: number, to: number): void {
    if (!(to > from) || sent <= 0 || to - from > BUCKETS * BUCKET_MS) return;
    for (let at = from; at < to;) {
      const bucket = Math.floor(at / BUCKET_MS);
      const end = Math.min(to, (bucket + 1) * BUCKET_MS);
      const place = bucket % BUCKETS;
      if (this.#stamps[place] !== bucket) {
        this.#stamps[place] = bucket;
        this.#counts[place] = 0;
      }
      this.#counts[place] = (this.#counts[place] ?? 0) + (sent * (end - at)) / (to - from);
      at = end;
    }
  }

  /** Requests sent between two instants, as far as they are remembered. */
  sentBetween(from: number, to: number): number {
    let sum = 0;
    for (let bucket = Math.floor(from / BUCKET_MS); bucket * BUCKET_MS < to; bucket += 1) {
      const place = bucket % BUCKETS;
      if (this.#stamps[place] !== bucket) continue;
      const start = Math.max(from, bucket * BUCKET_MS);
      const end = Math.min(to, (bucket + 1) * BUCKET_MS);
      sum += ((this.#counts[place] ?? 0) * (end - start)) / BUCKET_MS;
    }
    return sum;
  }

  settle(before: number, all: readonly Series[]): void {
    const ready = this.waiting.filter(({ sentAt }) => sentAt <= before);
    if (ready.length === 0) return;
    const later = this.waiting.filter(({ sentAt }) => sentAt > before);
    this.waiting.splice(0, Infinity, ...later);
    for (const sample of ready.toSorted((a, b) => a.sentAt - b.sentAt)) this.#add(sample, all);
  }

  judge(other: number): MergeEvidence {
    return judgeMerge(
      this.#intervals
        .filter(({ sent }) => other < sent.length)
        .map(({ durationMs, drop, own, sent }) => ({
          durationMs,
          drop,
          own,
          other: sent[other] ?? 0,
        })),
    );
  }

  #add(sample: FlowSample, all: readonly Series[]): void {
    const last = this.#last;
    const durationMs = last === null ? 0 : sample.sentAt - last.sentAt;
    if (last !== null && durationMs < LEAST_INTERVAL_MS && !isOver(last, sample)) return;
    this.#last = sample;
    if (last === null || durationMs > LONGEST_INTERVAL_MS || isOver(last, sample)) return;
    const between = (series: Series): number => series.sentBetween(last.sentAt, sample.sentAt);
    if (this.#intervals.length >= MAX_INTERVALS) this.#intervals.shift();
    this.#intervals.push({
      durationMs,
      drop: last.remaining - sample.remaining,
      own: between(this),
      sent: Float64Array.from(all, between),
    });
  }
}

/** Whether the bucket was full in between, or may have been, or is another one: then the fall says nothing. */
function isOver(last: FlowSample, sample: FlowSample): boolean {
  if (last.limit !== sample.limit) return true;
  const full = last.remaining >= last.limit || sample.remaining >= sample.limit;
  return full || (last.resetInMs !== null && sample.sentAt - last.sentAt >= last.resetInMs);
}
