import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { startSimulator, type Simulator } from '@keywell/simulator/start-simulator';
import type { RequestRecord } from '@keywell/core/log/request-record';
import { WorkerHandle } from '@keywell/gateway/node/worker-handle';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { heapInUse } from '@keywell/testkit/heap-in-use';
import { callRaw, postJson, type Seen } from '@keywell/testkit/http-call';
import { seededRandom } from '@keywell/testkit/seeded-random';
import { until } from '@keywell/testkit/until';
import { askWorkers, TELLING_WORKER, type Held } from './held-by-workers.contract.ts';

/** Rounds of disturbance; after each, callers rest until nothing is under way, and what is held then is measured. */
const ROUNDS = inject('long') ? 20 : 4;
const ROUND_MS = inject('long') ? 30_000 : 5000;
const SOAK_MS = ROUNDS * ROUND_MS;
/** How long a key may take to come back after its last failure: a breaker's longest pause and a ramp, or a learned cooldown. */
const BACK_WITHIN_MS = 45_000;
const CALLERS = 12;
const WORKERS = 2;
const HOUR = 3_600_000;
/** A refusal that names its end is not to be met with another call before that end. */
const COOLS_MS = 1500;
/** What the clocks of two threads and of timelines, which are told in tenths, differ by. */
const SLACK_MS = 5;
/** How long after that end, and in how short a time, calls are counted as coming together. */
const COMES_BACK_MS = 500;
const TOGETHER_MS = 50;
/**
 * What heaps may grow by from the first rest to the last, however long the soak: an exchange that each call left behind would be several
 * times as much in the short form already. Measured without any leak: 0.2 MB, of what V8 notes about code, in the main thread too, where
 * the simulators and the test are as well.
 */
const HEAP_GROWS_BYTES = 1e6;
/** Less than the smallest of the tables that come with a new snapshot. */
const BUFFERS_GROW_BYTES = 1e6;
type Fault = Parameters<Simulator['set']>[0];
type Profile = Simulator['profile'];

const random = seededRandom(20_261_125);
const between = (least: number, most: number): number => least + random() * (most - least);

const organization = (
  alias: string,
  requestsPerMinute: number,
): Profile['organizations'][number] => ({
  id: `org-${alias}`,
  limits: [{ model: 'gpt-5', requestsPerMinute }],
  projects: [{ id: `proj_${alias}`, keys: [{ alias, value: `sk-soak-canary-${alias}` }] }],
});

const profileOf = (
  face: NonNullable<Profile['face']>,
  perMinute: Record<string, number>,
): Profile => ({
  face,
  // What the simulators remember is not to be taken for what the gateway does.
  callsKept: 0,
  organizations: Object.entries(perMinute).map(([alias, rate]) => organization(alias, rate)),
  models: [{ id: 'gpt-5', firstByteMs: 4, eventIntervalMs: 2, answerWords: 6 }],
});

/** `steady` is never disturbed; `half` and `double` lie about what is left, `ahead` and `behind` have a clock of their own. */
const FLAPPING = ['half', 'double', 'plain', 'ahead', 'behind'] as const;
const openai = await startSimulator({
  profile: profileOf('openai', {
    steady: 6000,
    half: 3000,
    double: 3000,
    plain: 3000,
    guest: 3000,
  }),
});
const openrouter = await startSimulator({
  profile: profileOf('openrouter', { ahead: 600, behind: 600 }),
});
const simulatorOf = (alias: string): Simulator =>
  alias === 'ahead' || alias === 'behind' ? openrouter : openai;

const LIES: readonly Fault[] = [
  { fault: 'lying_headers', key: 'half', factor: 0.5 },
  { fault: 'lying_headers', key: 'double', factor: 1.5 },
  { fault: 'skewed_clock', key: 'ahead', skewMs: HOUR },
  { fault: 'skewed_clock', key: 'behind', skewMs: -HOUR },
];

/** What a key does for a while, and comes back from by itself. */
const FLAPS: readonly ((key: string) => Fault)[] = [
  (key) => ({ fault: 'rate_limited', key, retryAfterMs: COOLS_MS, durationMs: COOLS_MS }),
  (key) => ({ fault: 'rate_limited', key, retryAfterMs: COOLS_MS, durationMs: 3 * COOLS_MS }),
  (key) => ({ fault: 'server_error', key, durationMs: 400 }),
  (key) => ({ fault: 'overloaded', key, durationMs: 400 }),
  (key) => ({ fault: 'slow_down', key, retryAfterMs: 1000, durationMs: 500 }),
  (key) => ({ fault: 'refuse_connection', key, durationMs: 300 }),
  (key) => ({ fault: 'error_event', key, durationMs: 400 }),
  (key) => ({ fault: 'html_error', key, durationMs: 300 }),
  (key) => ({ fault: 'slow_first_byte', key, waitMs: 400, durationMs: 400 }),
];

const keyOf = (id: string) => ({ id, value: `sk-soak-canary-${id}` });

/** The providers with or without a key that comes and goes. */
const providersWith = (guest: boolean) => [
  {
    id: 'openai',
    baseUrl: openai.url,
    keys: ['steady', 'half', 'double', 'plain', ...(guest ? ['guest'] : [])].map(keyOf),
  },
  {
    id: 'openrouter',
    kind: 'openrouter' as const,
    baseUrl: openrouter.url,
    keys: ['ahead', 'behind'].map(keyOf),
  },
];

const price = { inputMicros: 1, cachedInputMicros: 1, outputMicros: 1 };
const story: Story = await startStory({
  workers: WORKERS,
  spawn: (birth, events) => new WorkerHandle(birth, events, TELLING_WORKER),
  providers: () => providersWith(true),
  pool: {
    maxWaitMs: 5000,
    hedge: { tokenShare: 0.1, leastMs: 100 },
    tiers: [
      {
        targets: ['openai', 'openrouter'].map((provider) => ({ provider, model: 'gpt-5', price })),
      },
    ],
  },
  consumers: [{ budget: { amountMicros: 1e12, period: 'total' } }],
  idempotency: { enabled: true, maxEntries: 50 },
});

afterAll(async () => {
  await story.close();
  await Promise.all([openai.close(), openrouter.close()]);
});

/** The story's snapshot with other keys; everything else as it is. */
function snapshotWith(guest: boolean, version: number) {
  const { providers } = aSnapshot({ providers: providersWith(guest) });
  return { ...story.snapshot, version, providers };
}

interface Tally {
  calls: number;
  served: number;
  readonly failures: string[];
}

/** A caller of all kinds: streams or not, may say that a call is the same, may leave in the middle. */
async function callOn(tally: Tally, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    const stream = random() < 0.5;
    const headers = random() < 0.2 ? { 'idempotency-key': randomUUID() } : {};
    const body = {
      model: 'smart',
      stream,
      max_tokens: 20,
      messages: [{ role: 'user', content: 'x'.repeat(Math.floor(between(1, 400))) }],
    };
    tally.calls += 1;
    if (random() < 0.08) await leave(headers, body);
    else note(tally, await postJson({ url: story.url, key: STORY_KEY, headers }, body));
    await pause(between(40, 120));
  }
}

async function leave(headers: Readonly<Record<string, string>>, body: object): Promise<void> {
  const call = callRaw(story.port, { key: STORY_KEY, headers }, body);
  await pause(between(0, 30));
  call.socket.destroy();
}

function note(tally: Tally, { status, clean, text }: Seen): void {
  if (status === 200 && clean) tally.served += 1;
  else tally.failures.push(`${status} ${text.slice(0, 200)}`);
}

/** One key after the other fails in some way and gets well again. */
async function flap(goesOn: () => boolean): Promise<void> {
  for (let turn = 0; goesOn(); turn += 1) {
    const key = FLAPPING[turn % FLAPPING.length] ?? 'plain';
    const fault = FLAPS[Math.floor(random() * FLAPS.length)];
    if (fault !== undefined) simulatorOf(key).set(fault(key));
    await pause(between(600, 1000));
  }
}

/** Of the snapshot in force: it counts on from round to round, as that of a node does. */
let version = story.snapshot.version;

/** Snapshots come while calls are under way; a key goes and comes back. Ends with the key there. */
async function change(goesOn: () => boolean): Promise<void> {
  for (let turn = 0; goesOn() || turn % 2 === 1; turn += 1) {
    await pause(1500);
    version += 1;
    await story.node.publish(snapshotWith(turn % 2 === 1, version));
  }
}

const successes = (): Readonly<Record<string, number>> =>
  Object.fromEntries(story.node.keys().map((key) => [key.key, key.successes]));

interface Sent {
  readonly key: string;
  readonly at: number;
  /** When its key was chosen; what comes between that and the sending, a thread that is put aside say, undoes no choice. */
  readonly chosenAt: number;
}

interface Refusal {
  readonly key: string;
  readonly at: number;
  readonly until: number;
}

/** By the gateway's own clock, from the timelines: every attempt, and every refusal that named its end, with that end. */
function attemptsIn(records: readonly RequestRecord[]) {
  const sent: Sent[] = [];
  const refused: Refusal[] = [];
  for (const { startedAt, timeline } of records) {
    const keys = new Map<number, string>();
    // A choice that had nothing to leave out is not in the timeline; it is taken for as late as can be.
    let chosenAt: number | null = null;
    for (const event of timeline) {
      if (event.kind === 'candidates') chosenAt = startedAt + event.at;
      else if (event.kind === 'attempt') {
        const at = startedAt + event.at;
        keys.set(event.attempt, event.key);
        sent.push({ key: event.key, at, chosenAt: chosenAt ?? at });
        chosenAt = null;
      } else if (event.kind === 'verdict' && event.class === 'window_exhausted_short') {
        const at = startedAt + event.at;
        const key = keys.get(event.attempt) ?? '';
        refused.push({ key, at, until: at + (event.endsInMs ?? 0) });
      }
    }
  }
  return { sent, refused };
}

/** Calls for which a key was chosen after it had said until when it takes none, and how many came together when that time was over. */
class RefusalWatch {
  readonly early: object[] = [];
  together = 0;
  refusals = 0;
  /** Refusals of the last round whose end was not seen in it. */
  #open: readonly Refusal[] = [];

  note(records: readonly RequestRecord[]): void {
    const { sent, refused } = attemptsIn(records);
    this.refusals += refused.length;
    const byKey = Map.groupBy(sent, ({ key }) => key);
    const watched = [...this.#open, ...refused];
    for (const refusal of watched) this.#look(refusal, byKey.get(refusal.key) ?? []);
    const seenUntil = sent.reduce((latest, { at }) => Math.max(latest, at), 0);
    this.#open = watched.filter(({ until: end }) => end + COMES_BACK_MS > seenUntil);
  }

  #look(refusal: Refusal, calls: readonly Sent[]): void {
    const { at, until: end } = refusal;
    const tooSoon = calls.filter(
      ({ chosenAt }) => chosenAt > at + SLACK_MS && chosenAt < end - SLACK_MS,
    );
    for (const { chosenAt } of tooSoon) this.early.push({ ...refusal, chosenAt });
    for (let from = end; from < end + COMES_BACK_MS; from += TOGETHER_MS) {
      const near = calls.filter((call) => call.at >= from && call.at < from + TOGETHER_MS);
      this.together = Math.max(this.together, near.length);
    }
  }
}

/** What the whole node holds while nothing is under way. */
interface Rest {
  readonly workers: readonly Held[];
  /** Of this thread, which is the node's main thread and the simulators' as well. */
  readonly mainHeapBytes: number;
  /** Shared tables and buffers of the process's main thread. */
  readonly bufferBytes: number;
}

/** Once nothing is under way, and whatever only had to be called off has been. */
async function rest(): Promise<Rest> {
  await story.quiet();
  const atRest = async (): Promise<readonly Held[] | null> => {
    const held = await askWorkers(WORKERS);
    return held.every(({ timers }) => timers === 0) ? held : null;
  };
  const workers = await until(atRest, 'every timer of the workers to end', 5000);
  const mainHeapBytes = heapInUse();
  return { workers, mainHeapBytes, bufferBytes: process.memoryUsage().arrayBuffers };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** A line a round, where somebody waits for minutes. */
function tell(round: number, tally: Tally, { workers, mainHeapBytes, bufferBytes }: Rest): void {
  if (!inject('long')) return;
  const heaps = [...workers.map(({ heapBytes }) => heapBytes), mainHeapBytes].map(megabytes);
  process.stdout.write(
    `soak: round ${round} of ${ROUNDS}, ${tally.calls} calls, ${tally.failures.length} failed, ` +
      `heaps ${heaps.join(', ')}, buffers ${megabytes(bufferBytes)}\n`,
  );
}

/** What workers hold though nothing is under way: nothing. */
function expectNothingHeld(rests: readonly Rest[]): void {
  for (const { heapBytes: _, ...held } of rests.flatMap(({ workers }) => workers)) {
    const { worker } = held;
    expect(held).toEqual({ worker, leases: 0, deferred: 0, tickets: 0, deadlines: 0, timers: 0 });
  }
}

function expectFlatMemory(rests: readonly Rest[]): void {
  const [first, last] = [rests[0], rests.at(-1)];
  if (first === undefined || last === undefined || first === last) throw new Error('no two rests');
  for (const [at, { heapBytes }] of last.workers.entries()) {
    expect(heapBytes - (first.workers[at]?.heapBytes ?? 0)).toBeLessThan(HEAP_GROWS_BYTES);
  }
  expect(last.mainHeapBytes - first.mainHeapBytes).toBeLessThan(HEAP_GROWS_BYTES);
  expect(last.bufferBytes - first.bufferBytes).toBeLessThan(BUFFERS_GROW_BYTES);
}

/** Calls go on for as long as `meanwhile` takes. */
async function callDuring(tally: Tally, meanwhile: () => Promise<void>): Promise<void> {
  let calling = true;
  const callers = Array.from({ length: CALLERS }, () => callOn(tally, () => calling));
  try {
    await meanwhile();
  } finally {
    calling = false;
    await Promise.all(callers);
  }
}

async function disturb(): Promise<void> {
  const endsAt = performance.now() + ROUND_MS;
  const goesOn = (): boolean => performance.now() < endsAt;
  await Promise.all([flap(goesOn), change(goesOn)]);
}

/** Until every key has served again after the last of its failures. */
async function recover(): Promise<void> {
  const before = successes();
  const isBack = ([key, count]: [string, number]): boolean => count > (before[key] ?? 0);
  const allBack = (): boolean => Object.entries(successes()).every(isBack);
  await until(allBack, 'every key to be used again', BACK_WITHIN_MS);
}

/** One round after the other, and at last until every key is back. */
async function soak(tally: Tally, watch: RefusalWatch): Promise<readonly Rest[]> {
  const rests: Rest[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const isLast = round === ROUNDS;
    await callDuring(tally, async () => {
      await disturb();
      if (isLast) await recover();
    });
    // What was kept for this test, the log first of all, is not the node's.
    await story.quiet();
    watch.note(await story.takeRecords());
    story.forgetHeard();
    const held = await rest();
    rests.push(held);
    tell(round, tally, held);
  }
  return rests;
}

describe('keys that flap, lie and change while calls go on', () => {
  it(
    'fail nobody, are not stormed when they come back, and leave nothing behind',
    { timeout: SOAK_MS + BACK_WITHIN_MS + ROUNDS * 10_000 },
    async () => {
      for (const lie of LIES) simulatorOf(lie.key ?? '').set(lie);
      const tally: Tally = { calls: 0, served: 0, failures: [] };
      const watch = new RefusalWatch();
      const rests = await soak(tally, watch);
      const upstream = openai.counts().total.calls + openrouter.counts().total.calls;
      expect(tally.failures.slice(tally.calls / 1000)).toEqual([]);
      expect(tally.served).toBeGreaterThan(SOAK_MS / 100);
      expect(upstream).toBeLessThanOrEqual(tally.calls * 1.2);
      const { early, together, refusals } = watch;
      expect(refusals).toBeGreaterThan(0);
      expect(early).toEqual([]);
      expect(together).toBeLessThanOrEqual(CALLERS / 2);
      expectNothingHeld(rests);
      expectFlatMemory(rests);
      expect(story.node.limits().filter(({ reserved }) => reserved !== 0)).toEqual([]);
      expect(story.node.spend()).toMatchObject([{ heldMicros: 0 }]);
      expect(story.metric('keywell_requests_waiting')).toBe(0);
    },
  );
});
