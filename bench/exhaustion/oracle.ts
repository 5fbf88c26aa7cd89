// What could have been reached: the same arrivals, patience and discipline, but with every limiter's true level and every request's true
// size, without delay. It waits inside patience, serves fair shares and the earliest turn inside them, lets small ones pass a head that
// does not fit as long as they do not delay it, and takes the window that ends soonest, then the roomiest key.
import { takenOf } from './draw.ts';
import { callCost } from '../../packages/core/src/waiting/call-cost.ts';
import { turnOf } from '../../packages/core/src/waiting/turn.ts';
import { levelAt, type LimitCounts, type LimitRule } from './limiter.ts';
import type { ProviderKey } from './provider.ts';
import type { RequestSpec } from './scenario.ts';
import type { Truth, TrueStrategyFactory } from './driver.ts';
import type {
  Actions,
  AttemptView,
  RequestView,
  ResponseView,
  Strategy,
  World,
} from './strategy.ts';

/** Attempts that trouble fails are made again this often. */
const MOST_ATTEMPTS = 4;
/** Gives rounding of instants room. */
const STEP_MS = 0.5;
const LONGEST_SLEEP_MS = 1000;
/** How many of a tenant's waiting requests one look goes through. */
const LOOKED_AT = 128;

interface Waiting {
  readonly request: RequestSpec;
  readonly turnAt: number;
}

interface Queue {
  readonly tenant: number;
  readonly weight: number;
  /** Earliest turn first. */
  readonly waiting: Waiting[];
  /** Dominant share received, over weight. */
  virtual: number;
  /** Of each kind, what it was served since it was idle, as pool capacity in milliseconds. */
  readonly served: Map<LimitCounts, number>;
}

/** A head that waits for a key's refill. */
interface Earmark {
  readonly request: RequestSpec;
  /** When it fits if nothing else is taken. */
  readonly from: number;
}

/** What an oracle may be denied, to see what that alone costs. */
interface OracleTerms {
  /** Least time between two looks at what waits. */
  readonly pauseMs: number;
  /** Until then it does not know when windows end. */
  readonly endsKnownAt: number;
}

const oracleWith =
  (terms: Partial<OracleTerms>): TrueStrategyFactory =>
  (truth, world, actions) =>
    new Oracle(truth, world, actions, { pauseMs: 5, endsKnownAt: 0, ...terms });

export const oracle = oracleWith({});

/** Oracles that are held against the oracle itself, and what each is denied. */
export const DENIED = {
  ends: {
    title: 'does not know in the first minute when windows end',
    factory: oracleWith({ endsKnownAt: 60_000 }),
  },
  instants: {
    title: 'looks every 5.1 ms at what waits instead of every 5',
    factory: oracleWith({ pauseMs: 5.1 }),
  },
} as const;

/** What a mix is run with besides, to see whether its waits can be reached at all. */
export type Denied = keyof typeof DENIED;

class Oracle implements Strategy {
  readonly #truth: Truth;
  readonly #actions: Actions;
  readonly #terms: OracleTerms;
  readonly #queues: readonly Queue[];
  readonly #tries = new Map<number, number>();
  readonly #capacity: ReadonlyMap<LimitCounts, number>;
  readonly #earmarks: (Earmark | null)[];
  readonly #maxWaitMs: number;
  #virtualNow = 0;

  constructor(truth: Truth, world: World, actions: Actions, terms: OracleTerms) {
    this.#truth = truth;
    this.#actions = actions;
    this.#terms = terms;
    this.#maxWaitMs = world.maxWaitMs;
    this.#queues = world.tenants.map(({ weight }, tenant) => ({
      tenant,
      weight,
      waiting: [],
      virtual: 0,
      served: new Map<LimitCounts, number>(),
    }));
    this.#capacity = capacityPerMs(truth.providers.map(({ spec }) => spec));
    this.#earmarks = truth.providers.map(() => null);
  }

  arrive(request: RequestView, now: number): void {
    // what did not fit a moment ago is looked at together
    const crowded = this.#queues.some(({ waiting }) => waiting.length > 0);
    this.#enqueue(request);
    if (crowded) this.#actions.wakeAt(now + this.#terms.pauseMs);
    else this.#dispatch(now);
  }

  firstByte(): void {
    // the levels are known already
  }

  respond({ request }: AttemptView, { status }: ResponseView, now: number): void {
    if (status === 200) {
      this.#tries.delete(request.id);
      return;
    }
    if ((this.#tries.get(request.id) ?? 0) >= MOST_ATTEMPTS || now > request.dispatchBy) {
      this.#actions.refuse(request, 0);
      return;
    }
    this.#enqueue(request);
    this.#dispatch(now);
  }

  wake(now: number): void {
    this.#dispatch(now);
  }

  #enqueue(request: RequestView): void {
    const queue = this.#queues[request.tenant];
    const spec = this.#truth.requests[request.id];
    if (queue === undefined || spec === undefined) return;
    // idle earns nothing
    if (queue.waiting.length === 0 && queue.virtual < this.#virtualNow) {
      queue.virtual = this.#virtualNow;
      queue.served.clear();
    }
    const turnAt = this.#turnOf(spec);
    let place = queue.waiting.length;
    while (place > 0 && (queue.waiting[place - 1]?.turnAt ?? 0) > turnAt) place -= 1;
    queue.waiting.splice(place, 0, { request: spec, turnAt });
  }

  #dispatch(now: number): void {
    for (const queue of this.#queues) this.#expire(queue, now);
    this.#earmarks.fill(null);
    const active = this.#queues.filter((queue) => queue.waiting.length > 0);
    const places = new Map(active.map((queue) => [queue, 0]));
    while (active.length > 0) {
      const queue = leastServed(active);
      const sent = this.#serveOne(queue, places, now);
      if (!sent || queue.waiting.length === 0) active.splice(active.indexOf(queue), 1);
    }
    this.#sleep(now);
  }

  #expire(queue: Queue, now: number): void {
    for (let place = queue.waiting.length - 1; place >= 0; place -= 1) {
      const view = queue.waiting[place]?.request.view;
      if (view === undefined || view.dispatchBy >= now) continue;
      queue.waiting.splice(place, 1);
      this.#tries.delete(view.id);
      this.#actions.refuse(view, 0);
    }
  }

  /** Sends the first of the queue that fits, from the place it has come to. False when none does. */
  #serveOne(queue: Queue, places: Map<Queue, number>, now: number): boolean {
    const { waiting } = queue;
    const roomiest = this.#roomiest(now);
    const end = Math.min(waiting.length, LOOKED_AT);
    for (let place = places.get(queue) ?? 0; place < end; place += 1) {
      const request = waiting[place]?.request;
      if (request === undefined) break;
      places.set(queue, place);
      if (!roomiest.ready) return false;
      const key = needTokens(request) <= roomiest.tokens ? this.#keyFor(request, now) : -1;
      if (key >= 0) {
        waiting.splice(place, 1);
        this.#virtualNow = queue.virtual;
        queue.virtual += this.#charge(queue, request) / queue.weight;
        this.#tries.set(request.view.id, (this.#tries.get(request.view.id) ?? 0) + 1);
        this.#actions.send(request.view, key);
        return true;
      }
      this.#earmark(request, now);
    }
    places.set(queue, waiting.length);
    return false;
  }

  /** Whether any key takes a request at all, and the most tokens that fit at one. */
  #roomiest(now: number): { ready: boolean; tokens: number } {
    let ready = false;
    let tokens = 0;
    for (const { gauges } of this.#truth.providers) {
      let own = Infinity;
      let one = true;
      for (const gauge of gauges) {
        const level = levelAt(gauge, now);
        const { counts } = gauge.rule;
        if (counts === 'tokens' || counts === 'input_tokens') own = Math.min(own, level);
        else if (level + 1e-6 < 1) one = false;
      }
      if (!one) continue;
      ready = true;
      tokens = Math.max(tokens, own);
    }
    return { ready, tokens: tokens + 1e-3 };
  }

  #keyFor(request: RequestSpec, now: number): number {
    let best = -1;
    let bestEnds: readonly number[] = [];
    let bestRoom = -1;
    this.#truth.providers.forEach((provider, key) => {
      if (provider.isDown(now) || !provider.admits(request.size, now)) return;
      if (!this.#leavesEarmark(provider, key, request, now)) return;
      const ends = now < this.#terms.endsKnownAt ? [] : windowEnds(provider);
      const room = roomOf(provider, now);
      const sooner = best < 0 ? -1 : compareEnds(ends, bestEnds);
      if (sooner > 0 || (sooner === 0 && room <= bestRoom)) return;
      best = key;
      bestEnds = ends;
      bestRoom = room;
    });
    return best;
  }

  /** Whether the head that waits for this key is not delayed. */
  #leavesEarmark(provider: ProviderKey, key: number, request: RequestSpec, now: number): boolean {
    const held = this.#earmarks[key] ?? null;
    if (held === null || held.request === request) return true;
    const both = {
      inputTokens: held.request.size.inputTokens + request.size.inputTokens,
      allowance: held.request.size.allowance + request.size.allowance,
    };
    return provider.admitsFrom(both, now) <= held.from;
  }

  #earmark(request: RequestSpec, now: number): void {
    if (!this.#earmarks.includes(null)) return;
    let best = -1;
    let bestFrom = Infinity;
    this.#truth.providers.forEach((provider, key) => {
      if (this.#earmarks[key] !== null || provider.isDown(now)) return;
      const from = provider.admitsFrom(request.size, now);
      if (from > request.view.dispatchBy || from >= bestFrom) return;
      best = key;
      bestFrom = from;
    });
    if (best >= 0) this.#earmarks[best] = { request, from: bestFrom };
  }

  /** Until the smallest that waits could fit somewhere, or the first gives up. */
  #sleep(now: number): void {
    let least = Infinity;
    let input = Infinity;
    let allowance = Infinity;
    for (const { waiting } of this.#queues) {
      for (const { request } of waiting) {
        const { size, view } = request;
        least = Math.min(least, view.dispatchBy + STEP_MS);
        input = Math.min(input, size.inputTokens);
        allowance = Math.min(allowance, size.allowance);
      }
    }
    if (least === Infinity) return;
    const smallest = { inputTokens: input, allowance };
    for (const provider of this.#truth.providers) {
      if (provider.isDown(now)) continue;
      const from = provider.admitsFrom(smallest, now);
      least = Math.min(least, Math.max(from, now) + STEP_MS);
    }
    this.#actions.wakeAt(
      Math.min(Math.max(least, now + this.#terms.pauseMs), now + LONGEST_SLEEP_MS),
    );
  }

  /** The order is a part of the discipline: it goes by what a call shows, here as well. */
  #turnOf({ view, apparentTokens }: RequestSpec): number {
    const requests = this.#capacity.get('requests');
    const tokens = this.#capacity.get('tokens') ?? this.#capacity.get('input_tokens');
    const perRequest = tokens === undefined || requests === undefined ? null : tokens / requests;
    const cost = callCost(apparentTokens, perRequest);
    const pool = { limitsTokens: tokens !== undefined, maxWaitMs: this.#maxWaitMs };
    return turnOf({ deadlineAt: view.dispatchBy, cost }, pool);
  }

  /** By how much the largest part of the pool's capacity that the queue was served grows. */
  #charge({ served }: Queue, request: RequestSpec): number {
    const before = Math.max(0, ...served.values());
    for (const [counts, capacity] of this.#capacity) {
      served.set(counts, (served.get(counts) ?? 0) + takenOf(counts, request) / capacity);
    }
    return Math.max(...served.values()) - before;
  }
}

const needTokens = ({ size }: RequestSpec): number => size.inputTokens;

function leastServed(queues: readonly Queue[]): Queue {
  return queues.reduce((least, each) => (each.virtual < least.virtual ? each : least));
}

/** Ends of the key's fixed windows, soonest first; buckets have none. */
function windowEnds({ gauges }: ProviderKey): readonly number[] {
  const ends: number[] = [];
  for (const gauge of gauges) if (gauge.rule.kind === 'fixed') ends.push(gauge.endsAt);
  return ends.length > 1 ? ends.toSorted((a, b) => a - b) : ends;
}

/** Below zero where the first key's windows end sooner. */
function compareEnds(one: readonly number[], other: readonly number[]): number {
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const difference = (one[at] ?? Infinity) - (other[at] ?? Infinity);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}

function roomOf({ gauges }: ProviderKey, now: number): number {
  let room = 1;
  for (const gauge of gauges) room = Math.min(room, levelAt(gauge, now) / gauge.rule.limit);
  return room;
}

/** Longer windows say nothing about what a pool takes in a minute. */
const LONG_WINDOW_MS = 3_600_000;

/** What the pool as a whole takes in a millisecond, by what is counted. */
export function capacityPerMs(
  keys: readonly { readonly limits: readonly LimitRule[] }[],
): Map<LimitCounts, number> {
  const capacity = new Map<LimitCounts, number>();
  for (const { limits } of keys) {
    for (const { counts, limit, windowMs } of limits) {
      if (windowMs > LONG_WINDOW_MS) continue;
      capacity.set(counts, (capacity.get(counts) ?? 0) + limit / windowMs);
    }
  }
  return capacity;
}
