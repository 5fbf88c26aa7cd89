import { choose, explain } from '@keywell/core/keys/choose';
import { decide, freshHistory, type Again } from '@keywell/core/keys/decide';
import type { Needs, Tried } from '@keywell/core/keys/draw';
import { sampleLimits } from '@keywell/core/forecast/sample-limits';
import { chargedOf, needOf, type Need } from '@keywell/core/keys/need';
import { observeLimits } from '@keywell/core/keys/observe-limits';
import { projectedStart } from '@keywell/core/keys/projection';
import { learnedOutput } from '@keywell/core/keys/size-stats';
import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import { initKeyTable, openKeyTable, type KeyTable } from '@keywell/core/keys/key-table';
import { planKeys, type Candidate, type PoolPlan } from '@keywell/core/keys/plan';
import { settle, tryReserve, type Reservation } from '@keywell/core/keys/reserve';
import { countRequest } from '@keywell/core/keys/retry-budget';
import { SUCCESS, type Verdict } from '@keywell/core/keys/verdict';
import { CounterTable } from '@keywell/core/limits/counter-table';
import type { LimitFacts } from '@keywell/core/forecast/limit-sample';
import type { PoolRecord, Snapshot } from '@keywell/core/snapshot/snapshot';
import { EventHeap } from '@keywell/core/time/event-heap';
import { Bars, NOTHING_TRIED } from '@keywell/gateway/relay/bars';
import { ImpliedRefusals } from './implied-refusals.ts';
import { costOf, pricesOf, type PriceOf, type TokenCounts } from './price.ts';
import type { ReplayRequest } from './replay-request.ts';
import { Slots } from './slots.ts';
import { Tally } from './tally.ts';
import { placeOf, VirtualLimits } from './virtual-limits.ts';

const EVENT = { head: 0, end: 1, wake: 2 } as const;
/** Until a provider's refusal is back. */
const REFUSAL_MS = 50;
const MAX_DRAWS = 4;

interface Route {
  readonly plan: PoolPlan;
  readonly pool: PoolRecord;
}

/** A request on its way through the virtual gateway. */
interface Flight {
  readonly request: ReplayRequest;
  readonly tokens: TokenCounts;
  readonly route: Route;
  readonly needs: Needs;
  readonly history: ReturnType<typeof freshHistory>;
  bars: Bars | null;
  step: Again | null;
  last: Verdict | null;
  waitMs: number;
}

interface AttemptUnderWay {
  readonly flight: Flight;
  readonly candidate: Candidate;
  readonly reservation: Reservation;
  readonly refusal: Verdict | null;
  readonly implied: boolean;
  /** What the provider's response tells of its limits, as they stood when it took the call. */
  readonly told: readonly LimitObservation[];
}

/**
 * Logged requests through the engine's own functions under virtual time: the same table, choice, reservations, verdicts and decisions
 * as live, with limiters in the place of providers. Providers answer whatever their limits admit; a call takes as long as it took.
 */
export class VirtualGateway {
  readonly tally = new Tally();
  readonly limits: VirtualLimits;
  readonly #table: KeyTable;
  readonly #routes = new Map<string, Route>();
  readonly #priceOf: PriceOf;
  readonly #limited = new Map<string, { seat: number; requestsPerMinute: number }>();
  readonly #counters: CounterTable;
  readonly #random: () => number;
  readonly #events = new EventHeap();
  readonly #attempts = new Slots<AttemptUnderWay>();
  readonly #waiting = new Slots<Flight>();
  readonly #implied = new ImpliedRefusals();

  constructor(
    snapshot: Snapshot,
    parts: {
      readonly known: readonly LimitFacts[];
      readonly startsAt: number;
      readonly random: () => number;
    },
  ) {
    const plan = planKeys(snapshot);
    const buffer = new ArrayBuffer(plan.byteLength(1));
    initKeyTable(plan, buffer);
    this.#table = openKeyTable(plan, buffer, { worker: 0, epoch: 1 });
    this.#priceOf = pricesOf(snapshot);
    const { known, startsAt } = parts;
    const declared = sampleLimits(this.#table, startsAt);
    this.limits = new VirtualLimits(plan, { known, declared, startsAt, priceOf: this.#priceOf });
    this.#random = parts.random;
    const pools = new Map(snapshot.pools.map((pool) => [pool.id, pool]));
    for (const { alias, pool: id } of snapshot.models) {
      const [pool, of] = [pools.get(id), plan.pools.get(id)];
      if (pool !== undefined && of !== undefined) this.#routes.set(alias, { plan: of, pool });
    }
    for (const [seat, { id, requestsPerMinute }] of snapshot.consumers.entries()) {
      if (requestsPerMinute !== null) this.#limited.set(id, { seat, requestsPerMinute });
    }
    const bytes = CounterTable.bytes(Math.max(1, snapshot.consumers.length));
    this.#counters = new CounterTable(new ArrayBuffer(bytes), { worker: 0, epoch: 1 });
  }

  /** Everything that is due before this instant happens. */
  runUntil(at: number): void {
    while (this.#events.nextAt <= at && this.#events.pop()) {
      const { time, kind, subject } = this.#events;
      if (kind === EVENT.head) this.#head(this.#attempts.at(subject), time);
      else if (kind === EVENT.end) this.#end(this.#attempts.take(subject), time);
      else this.#wake(this.#waiting.take(subject), time);
    }
  }

  /** A request arrives; `runUntil` its instant comes first. */
  arrive(request: ReplayRequest): void {
    this.tally.requests += 1;
    const { record, at } = request;
    const route = this.#routes.get(record.model ?? '');
    if (route === undefined) {
      this.tally.notConfigured += 1;
      return;
    }
    if (!this.#admitsConsumer(record.consumer, at)) {
      this.tally.consumerLimit += 1;
      return;
    }
    countRequest(this.#table, route.plan, at);
    const tokens = {
      input: request.inputTokens,
      cached: request.cachedTokens,
      output: request.outputTokens,
    };
    const history = freshHistory();
    const needs = this.#needsOf(tokens);
    const flight = { request, tokens, route, needs, history, bars: null, step: null, last: null };
    this.#dispatch({ ...flight, waitMs: 0 }, at);
  }

  #admitsConsumer(id: string | null, at: number): boolean {
    const limited = this.#limited.get(id ?? '');
    if (limited === undefined) return true;
    const { seat, requestsPerMinute } = limited;
    const taken = this.#counters.takeRequest(seat, 1, requestsPerMinute, at);
    return taken !== 'busy' && taken.admitted;
  }

  /** What a request needs at each candidate, worked out once a provider and model. */
  #needsOf(tokens: TokenCounts): Needs {
    const known = new Map<number, Need>();
    return {
      of: (candidate) => {
        const found = known.get(candidate.breaker);
        if (found !== undefined) return found;
        const { charge } = candidate.provider;
        // The log does not keep max_tokens; where it is charged at once, what was used stands for it.
        const maxOutputTokens = charge.output === 'upfront' ? tokens.output : null;
        const size = {
          inputTokens: tokens.input,
          maxOutputTokens,
          choices: 1,
          contextLength: null,
        };
        const learned = learnedOutput(this.#table, candidate.breaker);
        const need = needOf(charge, size, learned, candidate.price);
        known.set(candidate.breaker, need);
        return need;
      },
    };
  }

  #dispatch(flight: Flight, at: number): void {
    const held = this.#pick(flight, at);
    if (held === null) this.#nothingLeft(flight, at);
    else this.#send(flight, held, at);
  }

  #pick({ bars, route, needs }: Flight, at: number): Reservation | null {
    const preferences = bars === null ? [NOTHING_TRIED] : bars.preferences(route.plan);
    for (const tried of preferences) {
      const held = this.#pickFrom(route.plan, tried, needs, at);
      if (held !== null) return held;
    }
    return null;
  }

  // oxlint-disable-next-line max-params -- as the dispatcher has it
  #pickFrom(plan: PoolPlan, tried: Tried, needs: Needs, now: number): Reservation | null {
    for (const tier of plan.tiers) {
      for (let turn = 0; turn < MAX_DRAWS; turn += 1) {
        const candidate = choose(this.#table, tier, tried, { now, random: this.#random, needs });
        if (candidate === null) break;
        const held = tryReserve(this.#table, candidate, now, needs.of(candidate));
        if (typeof held !== 'string') return held;
      }
    }
    return null;
  }

  #send(flight: Flight, reservation: Reservation, at: number): void {
    const { candidate } = reservation;
    flight.history.attempts += 1;
    this.tally.attempts += 1;
    const refusal = this.limits.admit(candidate, flight.tokens, at);
    const implied = refusal !== null && this.#implied.implied(placeOf(candidate), at);
    const told = this.limits.tell(candidate, at);
    const { record, serviceMs } = flight.request;
    const slot = this.#attempts.add({ flight, candidate, reservation, refusal, implied, told });
    const takesMs = refusal === null ? serviceMs : REFUSAL_MS;
    const headMs = Math.min(takesMs, Math.max(0, (record.firstByteMs ?? takesMs) - record.waitMs));
    this.#events.push(at + headMs, EVENT.head, slot);
    this.#events.push(at + takesMs, EVENT.end, slot);
  }

  #head(attempt: AttemptUnderWay | undefined, now: number): void {
    if (attempt === undefined || attempt.told.length === 0) return;
    const refused = attempt.refusal !== null;
    observeLimits(this.#table, attempt.reservation, attempt.told, { now, refused });
  }

  #end(attempt: AttemptUnderWay | undefined, at: number): void {
    if (attempt === undefined) return;
    const { flight, candidate, reservation, refusal } = attempt;
    if (refusal === null) this.limits.end(candidate, flight.tokens, at);
    const instant = { now: at, wallNow: at, random: this.#random };
    settle(this.#table, reservation, refusal ?? SUCCESS, {
      ...instant,
      ...(refusal === null ? settledAs(attempt) : {}),
    });
    if (refusal === null) {
      const price = this.#priceOf(candidate.provider.id, candidate.model);
      this.tally.noteAnswer(candidate.provider.id, costOf(price, flight.tokens));
      this.tally.noteWait(flight.waitMs);
      return;
    }
    this.tally.noteRefusedAttempt(attempt.implied);
    const { endsInMs } = refusal;
    if (endsInMs !== undefined) this.#implied.noteRefusal(placeOf(candidate), at, endsInMs);
    this.#afterRefusal(flight, candidate, refusal, at);
  }

  // oxlint-disable-next-line max-params -- one refused attempt
  #afterRefusal(flight: Flight, candidate: Candidate, refusal: Verdict, at: number): void {
    flight.last = refusal;
    const { pool } = flight.route;
    const route = { retryAmbiguous: pool.retryAmbiguous, status: 429 };
    const step = decide(refusal, flight.history, route, this.#random());
    if (step.kind !== 'again') {
      this.#nothingLeft(flight, at);
      return;
    }
    flight.bars ??= new Bars();
    flight.bars.add(candidate, step);
    flight.step = step;
    if (at < flight.request.at + pool.deadlineMs) this.#dispatch(flight, at);
    else this.#nothingLeft(flight, at);
  }

  /** Waits for the first key that comes back, where the pool lets calls wait; else it is refused. */
  #nothingLeft(flight: Flight, at: number): void {
    const { pool, plan } = flight.route;
    if (flight.last?.class === 'too_large_for_limit') {
      this.tally.tooLarge += 1;
      this.tally.noteWait(flight.waitMs);
      return;
    }
    const { needs } = flight;
    const starts = plan.tiers.flatMap(
      (tier) => projectedStart(this.#table, tier, { now: at, needs }) ?? [],
    );
    if (starts.length === 0 && flight.last === null && this.#isTooLarge(flight, at)) {
      this.tally.tooLarge += 1;
      this.tally.noteWait(flight.waitMs);
      return;
    }
    const inMs = starts.length === 0 ? Infinity : Math.max(1, Math.min(...starts) - at);
    const patience = Math.min(
      pool.maxWaitMs - flight.waitMs,
      flight.request.at + pool.deadlineMs - at,
    );
    if (inMs > patience || this.#waiting.size >= pool.maxWaiting) {
      this.tally.dry += 1;
      this.tally.noteWait(flight.waitMs);
      return;
    }
    flight.waitMs += inMs;
    // A new look: what refused this request before may serve it by then.
    flight.bars = null;
    this.#events.push(at + inMs, EVENT.wake, this.#waiting.add(flight));
  }

  /** Whether no limit would ever hold it: then no wait helps. */
  #isTooLarge({ route, needs }: Flight, now: number): boolean {
    const { tiers } = route.plan;
    const views = tiers.map((tier) => explain(this.#table, tier, NOTHING_TRIED, { now, needs }));
    return views.length > 0 && views.every(({ blocked }) => blocked === 'too_large');
  }

  #wake(flight: Flight | undefined, at: number): void {
    if (flight !== undefined) this.#dispatch(flight, at);
  }
}

/** What an answer was charged, and what it showed of the model's sizes. */
function settledAs({ flight, candidate, reservation }: AttemptUnderWay) {
  const { tokens, request } = flight;
  const usage = {
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cachedTokens: tokens.cached,
  };
  const { charge } = candidate.provider;
  const { requestBytes } = request.record;
  return {
    charged: chargedOf(charge, usage, reservation.need, candidate.price),
    sample: { inputTokens: tokens.input, outputTokens: tokens.output, requestBytes },
  };
}
