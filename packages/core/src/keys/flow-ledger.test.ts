import { seededRandom } from '@keywell/testkit/seeded-random';
import { describe, expect, it } from 'vitest';
import { type Flow, FlowLedger, type FlowSample } from './flow-ledger.ts';

interface Setup {
  /** Which bucket each key draws on. */
  readonly buckets: Readonly<Record<string, string>>;
  readonly kind: 'window' | 'continuous';
  readonly limit: number;
  /** Requests a second over all keys. */
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
  /** Whether the headers name a reset. */
  readonly resets?: boolean;
}

const STEP_MS = 50;
const FLUSH_MS = 500;
const LATENCY_MS = 800;
const MINUTE_MS = 60_000;

/** A provider with its buckets, two workers that report every half second, all in virtual time. */
function run(setup: Setup): FlowLedger {
  const { buckets, kind, limit, rate, seconds, resets = true } = setup;
  const random = seededRandom(setup.seed);
  const keys = Object.keys(buckets);
  const left = new Map(Object.values(buckets).map((name) => [name, limit]));
  const ledger = new FlowLedger();
  const sent = [new Map<string, number>(), new Map<string, number>()];
  const answers: { readonly at: number; readonly key: string; readonly sample: FlowSample }[] = [];
  const send = (now: number): void => {
    const key = keys[Math.floor(random() * keys.length)] ?? '';
    const counts = sent[Math.floor(random() * 2)];
    counts?.set(key, (counts.get(key) ?? 0) + 1);
    const bucket = buckets[key] ?? '';
    const remaining = (left.get(bucket) ?? 0) - 1;
    if (remaining < 0) return;
    left.set(bucket, remaining);
    const full =
      kind === 'window' ? MINUTE_MS - (now % MINUTE_MS) : ((limit - remaining) / limit) * MINUTE_MS;
    const sample = {
      limit,
      remaining: Math.floor(remaining),
      resetInMs: resets ? full : null,
      sentAt: now,
    };
    answers.push({ at: now + LATENCY_MS * (0.5 + random()), key, sample });
  };
  const flush = (now: number): void => {
    const arrived = answers.splice(0).filter((each) => {
      if (each.at > now) answers.push(each);
      return each.at <= now;
    });
    for (const [worker, counts] of sent.entries()) {
      const flows = keys.map((key): Flow => {
        const of = worker === 0 ? arrived.findLast((each) => each.key === key) : undefined;
        return {
          provider: 'p',
          key,
          group: 'g',
          sent: counts.get(key) ?? 0,
          sample: of?.sample ?? null,
        };
      });
      ledger.take({ from: now - FLUSH_MS, to: now, flows });
      counts.clear();
    }
  };
  for (let now = STEP_MS; now <= seconds * 1000; now += STEP_MS) {
    for (const [bucket, level] of left) {
      const fresh = kind === 'window' && now % MINUTE_MS === 0;
      const flow = kind === 'window' ? 0 : (limit * STEP_MS) / MINUTE_MS;
      left.set(bucket, fresh ? limit : Math.min(limit, level + flow));
    }
    const busy = 1 + 0.8 * Math.sin(now / 7000);
    const expected = (rate * busy * STEP_MS) / 1000;
    for (let chance = expected; chance > 0; chance -= 1) if (random() < chance) send(now);
    if (now % FLUSH_MS === 0) flush(now);
  }
  return ledger;
}

const pairs = (ledger: FlowLedger): readonly string[] =>
  ledger.suggestions().map(({ keys }) => keys.toSorted((a, b) => a.localeCompare(b)).join('+'));

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const KINDS = ['window', 'continuous'] as const;

describe.each(KINDS)('balanced keys on %s buckets', (kind) => {
  const common = { kind, limit: 600, rate: 16, seconds: 600 };

  it.each(SEEDS)('are suggested where they share, and only those (seed %i)', (seed) => {
    const buckets = { a: 'one', b: 'one', c: 'two' };
    expect(pairs(run({ ...common, buckets, seed }))).toEqual(['a+b']);
  });

  it.each(SEEDS)('are not suggested where each has its own (seed %i)', (seed) => {
    const buckets = { a: 'one', b: 'two', c: 'three' };
    expect(pairs(run({ ...common, limit: 300, buckets, seed }))).toEqual([]);
    expect(pairs(run({ ...common, limit: 300, buckets, seed, resets: false }))).toEqual([]);
  });
});

describe('what is remembered', () => {
  it('is bounded in keys and groups', () => {
    const ledger = new FlowLedger();
    const flows = Array.from({ length: 5000 }, (_, at): Flow => {
      const sample = { limit: 100, remaining: 50, resetInMs: null, sentAt: 10 };
      return { provider: 'p', key: `k${at}`, group: `g${at % 50}`, sent: 1, sample };
    });
    ledger.take({ from: 0, to: 500, flows });
    expect(ledger.watched()).toBe(8 * 24);
  });

  it('takes nothing from senseless spans', () => {
    const ledger = new FlowLedger();
    const flow = { provider: 'p', key: 'a', group: 'g', sent: 5, sample: null };
    for (const [from, to] of [
      [10, 10],
      [10, 5],
      [0, Infinity],
      [Number.NaN, 5],
    ] as const)
      ledger.take({ from, to, flows: [flow] });
    expect(ledger.suggestions()).toEqual([]);
  });
});
