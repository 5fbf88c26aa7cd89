/** The worker of the stress test: reserves, settles and counts as fast as it can, until it is told to stop or is terminated. */
import { parentPort, workerData } from 'node:worker_threads';
import { CounterTable } from '../limits/counter-table.ts';
import { choose, createTried } from './choose.ts';
import { openKeyTable, type KeyTable } from './key-table.ts';
import type { LimitObservation } from './limit-observation.ts';
import { needFrom, type Need } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import type { TierPlan } from './plan.ts';
import { countRequest, takeRetry } from './retry-budget.ts';
import { noteFirstContent, reserve, settle, settleDeferred, type Reservation } from './reserve.ts';
import {
  firstTier,
  retryAfter,
  seededRandom,
  stressPlan,
  verdictOf,
} from './table-fixture.bench.ts';
import { SUCCESS, type Verdict } from './verdict.ts';

/** What the test hands to a worker. */
export interface StressBirth {
  readonly mode: 'storm' | 'exact';
  readonly worker: number;
  readonly epoch: number;
  readonly keyCells: SharedArrayBuffer;
  readonly counterCells: SharedArrayBuffer;
  /** Float64: when each request of the storm was admitted. */
  readonly admissions: SharedArrayBuffer;
  /** Int32 cells, see SIGNAL. */
  readonly signals: SharedArrayBuffer;
}

export const SIGNAL = Object.freeze({ stop: 0, go: 1, admitted: 2, cells: 4 });

export const STORM_LIMIT = 50;
/** The consumers' clock runs this much faster, so that windows pass while the storm lasts. */
export const CONSUMER_CLOCK = 20;
/** The keys' clock runs this much faster, so that cooldowns end within the storm. */
const KEY_CLOCK = 2000;
const MAX_OPEN = 8;
/** How far an admission may lie behind its clock reading. */
export const MOST_DELAY_MS = 50;

const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** One attempt in so many fails; its cooldown is over within a millisecond, so that the storm never pauses. */
const ONE_FAILS_IN = 6;
const endsInMs = 1000;
const FAILURES: readonly Verdict[] = [
  retryAfter(endsInMs),
  retryAfter(endsInMs, { level: 'organization', dimension: 'tokens_minute' }),
  verdictOf('funds_exhausted', { scope: 'node', endsInMs }),
  verdictOf('slow_down', { endsInMs }),
  verdictOf('credential_dead', { scope: 'key', endsInMs }),
  verdictOf('provider_overloaded', { scope: 'endpoint_group' }),
  verdictOf('transient', { scope: 'endpoint', counts: true }),
];

/** Limits that never hold the storm back. */
const TOLD: readonly LimitObservation[] = (
  ['requests_minute', 'tokens_minute', 'output_tokens_minute'] as const
).map((dimension) => ({
  dimension,
  limit: 1e9,
  remaining: 9e8,
  resetInMs: 60_000,
  reset: 'full_again',
  source: 'header',
}));

class Storm {
  readonly #table: KeyTable;
  readonly #tier: TierPlan;
  readonly #random: () => number;
  readonly #open: Reservation[] = [];

  constructor(birth: StressBirth) {
    this.#table = openKeyTable(stressPlan(), birth.keyCells, birth);
    this.#tier = firstTier(this.#table);
    this.#random = seededRandom(birth.epoch * 256 + birth.worker);
  }

  step(now: number): void {
    const random = this.#random;
    const pool = this.#table.plan.pools.get('chat');
    if (pool !== undefined) {
      countRequest(this.#table, pool, now);
      takeRetry(this.#table, pool, now);
    }
    const need = this.#need();
    const candidate = choose(this.#table, this.#tier, createTried(), { now, random, need });
    const reservation = candidate === null ? null : reserve(this.#table, candidate, now, need);
    if (reservation !== null) {
      this.#open.push(reservation);
      if (random() < 0.3) observeLimits(this.#table, reservation, TOLD, { now });
      if (random() < 0.3) noteFirstContent(this.#table, reservation, now);
    }
    if (this.#open.length > MAX_OPEN || random() < 0.4) this.#settleOne(now);
  }

  /** Output is charged as it comes, or at once. */
  #need(): Need {
    const outputTokens = Math.floor(this.#random() * 100);
    const late = this.#random() < 0.5 ? { tokens: outputTokens, outputTokens } : {};
    return needFrom({ tokens: 50 + outputTokens, inputTokens: 50, outputTokens }, late);
  }

  /** Returns everything that is held. */
  end(now: number): void {
    while (this.#open.length > 0) this.#settleOne(now);
    while (this.#table.deferred.length > 0) settleDeferred(this.#table);
  }

  #settleOne(now: number): void {
    const [reservation] = this.#open.splice(Math.floor(this.#random() * this.#open.length), 1);
    if (reservation === undefined) return;
    const place = Math.floor(this.#random() * FAILURES.length * ONE_FAILS_IN);
    const verdict = FAILURES[place] ?? SUCCESS;
    const told = this.#random() < 0.1 ? { observations: TOLD, refused: true } : undefined;
    settle(this.#table, reservation, verdict, { now, wallNow: now, random: this.#random, told });
  }
}

function storm(birth: StressBirth, signals: Int32Array): void {
  const keys = new Storm(birth);
  const counters = new CounterTable(birth.counterCells, birth);
  const admissions = new Float64Array(birth.admissions);
  while (Atomics.load(signals, SIGNAL.stop) === 0) {
    const now = monotonicMs();
    for (let turn = 0; turn < 20; turn += 1) keys.step(now * KEY_CLOCK);
    const taken = counters.takeRequest(0, 1, STORM_LIMIT, now * CONSUMER_CLOCK);
    // An admission counts for the test where the clock reading is close to it: the thread was not put aside in between.
    if (taken !== 'busy' && taken.admitted && monotonicMs() - now < MOST_DELAY_MS) {
      const place = Atomics.add(signals, SIGNAL.admitted, 1);
      admissions[place] = now * CONSUMER_CLOCK;
    }
  }
  keys.end(monotonicMs() * KEY_CLOCK);
}

/** 500 requests of one consumer, all at the same instant; every admission is counted. */
function exact(birth: StressBirth, signals: Int32Array): void {
  const counters = new CounterTable(birth.counterCells, birth);
  Atomics.wait(signals, SIGNAL.go, 0, 10_000);
  for (let request = 0; request < 500; request += 1) {
    let taken = counters.takeRequest(0, 1, 100, 1000);
    while (taken === 'busy') taken = counters.takeRequest(0, 1, 100, 1000);
    if (taken.admitted) Atomics.add(signals, SIGNAL.admitted, 1);
  }
}

if (parentPort !== null && isBirth(workerData)) {
  const signals = new Int32Array(workerData.signals);
  parentPort.postMessage('ready');
  if (workerData.mode === 'storm') storm(workerData, signals);
  else exact(workerData, signals);
}

function isBirth(value: unknown): value is StressBirth {
  return typeof value === 'object' && value !== null && 'mode' in value && 'keyCells' in value;
}
