import { choose, explain } from '@keywell/core/keys/choose';
import { decide, freshHistory } from '@keywell/core/keys/decide';
import type { Needs, Tried } from '@keywell/core/keys/draw';
import { sampleLimits } from '@keywell/core/forecast/sample-limits';
import { chargedOf, needOf, type Need } from '@keywell/core/keys/need';
import { observeLimits } from '@keywell/core/keys/observe-limits';
import { QUANTITY } from '@keywell/core/keys/quantity';
import { learnedOutput } from '@keywell/core/keys/size-stats';
import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import { initKeyTable, openKeyTable, type KeyTable } from '@keywell/core/keys/key-table';
import { planKeys, type Candidate } from '@keywell/core/keys/plan';
import { noteFirstContent, settle, tryReserve, type Reservation } from '@keywell/core/keys/reserve';
import { countRequest } from '@keywell/core/keys/retry-budget';
import { SUCCESS, type Verdict } from '@keywell/core/keys/verdict';
import { CounterTable } from '@keywell/core/limits/counter-table';
import type { LimitFacts } from '@keywell/core/forecast/limit-sample';
import type { ConsumerRecord, Snapshot } from '@keywell/core/snapshot/snapshot';
import { EventHeap } from '@keywell/core/time/event-heap';
import { poolKeyOf, seatOf } from '@keywell/core/waiting/share-seat';
import { Bars, NOTHING_TRIED } from '@keywell/gateway/relay/bars';
import type { Flight, Route } from './flight.ts';
import { ImpliedRefusals } from './implied-refusals.ts';
import { costOf, pricesOf, type PriceOf, type TokenCounts } from './price.ts';
import type { ReplayRequest } from './replay-request.ts';
import { Slots } from './slots.ts';
import { Tally } from './tally.ts';
import { placeOf, VirtualLimits } from './virtual-limits.ts';
import { VirtualWaiting, type WaitingHost } from './virtual-waiting.ts';

const EVENT = { head: 0, end: 1, wake: 2 } as const;
/** Until a provider's refusal is back. */
const REFUSAL_MS = 50;
const MAX_DRAWS = 4;
/** How long a call keeps away from a domain that has refused it and named no end. */
const UNNAMED_END_MS = 1000;
/** Whoever called and is not in the other configuration: one consumer among the others. */
const STRANGER = { weight: 1, priority: 0 } as const;

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
export class VirtualGateway implements WaitingHost {
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
  readonly #waiting: VirtualWaiting;
  readonly #consumers: ReadonlyMap<string, ConsumerRecord>;
  /** When those who wait are looked at again. */
  #wakesAt = Infinity;
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
      if (pool === undefined || of === undefined) continue;
      this.#routes.set(alias, { plan: of, pool, poolKey: poolKeyOf(pool.id) });
    }
    this.#consumers = new Map(snapshot.consumers.map((each) => [each.id, each]));
    this.#waiting = new VirtualWaiting(this.#table, this);
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
      else this.#wake(time);
      this.#sleep();
    }
  }

  #wake(now: number): void {
    if (now >= this.#wakesAt) this.#wakesAt = Infinity;
    this.#waiting.wake(now);
  }

  #sleep(): void {
    const { wakeAt } = this.#waiting;
    if (wakeAt >= this.#wakesAt) return;
    this.#wakesAt = wakeAt;
    this.#events.push(wakeAt, EVENT.wake, 0);
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
    const flight = this.#flightOf(request, route);
    this.#waiting.ask(flight, at);
    this.#dispatch(flight, at);
    this.#sleep();
  }

  #flightOf(request: ReplayRequest, route: Route): Flight {
    const counts = {
      input: request.inputTokens,
      cached: request.cachedTokens,
      output: request.outputTokens,
    };
    const { consumer } = request.record;
    const name = consumer ?? '';
    const needs = this.#needsOf(counts);
    const first = route.plan.tiers[0]?.candidates[0];
    return {
      request,
      route,
      counts,
      needs,
      seat: seatOf(route.pool.id, this.#consumers.get(name) ?? { ...STRANGER, sharePath: [name] }),
      tokens: first === undefined ? 0 : (needs.of(first).total[QUANTITY.tokens] ?? 0),
      history: freshHistory(),
      refusedUntil: new Map(),
      bars: null,
      step: null,
      last: null,
      waitMs: 0,
      waitsSince: 0,
      deadlineAt: 0,
      spillAt: null,
      served: null,
      taken: null,
      heldUntil: null,
    };
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

  #dispatch(flight: Flight, now: number): void {
    const behind = flight.bars === null && this.#waiting.hasWaiting(flight.route);
    const held = behind ? null : this.#pick(flight, now);
    if (held === null) this.#waiting.wait(flight, now);
    else this.send(flight, held, now);
  }

  #pick(flight: Flight, now: number): Reservation | null {
    const { bars, route } = flight;
    return this.#waiting.claim(flight, now, () => {
      if (bars === null) {
        return this.pickFrom(flight, NOTHING_TRIED, this.#waiting.tiersAtOnce(flight), now);
      }
      for (const tried of bars.preferences(route.plan)) {
        const held = this.pickFrom(flight, tried, Infinity, now);
        if (held !== null) return held;
      }
      return null;
    });
  }

  // oxlint-disable-next-line max-params -- as the dispatcher has it
  pickFrom({ route, needs }: Flight, tried: Tried, tiers: number, now: number): Reservation | null {
    for (const tier of route.plan.tiers) {
      if (tier.tier >= tiers) break;
      for (let turn = 0; turn < MAX_DRAWS; turn += 1) {
        const candidate = choose(this.#table, tier, tried, { now, random: this.#random, needs });
        if (candidate === null) break;
        const held = tryReserve(this.#table, candidate, now, needs.of(candidate));
        if (typeof held !== 'string') return held;
      }
    }
    return null;
  }

  send(flight: Flight, reservation: Reservation, at: number): void {
    const { candidate } = reservation;
    flight.history.attempts += 1;
    this.tally.attempts += 1;
    const refusal = this.limits.admit(candidate, flight.counts, at);
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
    if (attempt === undefined) return;
    const { reservation, told } = attempt;
    const refused = attempt.refusal !== null;
    if (told.length > 0) observeLimits(this.#table, reservation, told, { now, refused });
    if (!refused) noteFirstContent(this.#table, reservation, now);
  }

  #end(attempt: AttemptUnderWay | undefined, at: number): void {
    if (attempt === undefined) return;
    const { flight, candidate, reservation, refusal } = attempt;
    if (refusal === null) this.limits.end(candidate, flight.counts, at);
    const instant = { now: at, wallNow: at, random: this.#random };
    const settled = refusal === null ? settledAs(attempt) : null;
    settle(this.#table, reservation, refusal ?? SUCCESS, { ...instant, ...settled });
    const tokens = settled === null ? flight.tokens : (settled.charged[QUANTITY.tokens] ?? 0);
    if (refusal === null) {
      const price = this.#priceOf(candidate.provider.id, candidate.model);
      this.tally.noteAnswer(candidate.provider.id, costOf(price, flight.counts));
      this.tally.noteWait(flight.waitMs);
      this.#waiting.ended(flight, { refused: false, tokens }, at);
      return;
    }
    this.#waiting.ended(flight, { refused: true, tokens }, at);
    this.tally.noteRefusedAttempt(attempt.implied);
    const { endsInMs } = refusal;
    if (endsInMs !== undefined) this.#implied.noteRefusal(placeOf(candidate), at, endsInMs);
    flight.refusedUntil.set(candidate.domain, at + (endsInMs ?? UNNAMED_END_MS));
    this.#afterRefusal(flight, candidate, refusal, at);
  }

  // oxlint-disable-next-line max-params -- one refused attempt
  #afterRefusal(flight: Flight, candidate: Candidate, refusal: Verdict, at: number): void {
    flight.last = refusal;
    const { pool } = flight.route;
    const route = { retryAmbiguous: pool.retryAmbiguous, status: 429 };
    const step = decide(refusal, flight.history, route, this.#random());
    if (step.kind !== 'again') {
      this.refuse(flight, at);
      return;
    }
    flight.bars ??= new Bars();
    flight.bars.add(candidate, step);
    flight.step = step;
    if (at < flight.request.at + pool.deadlineMs) this.#dispatch(flight, at);
    else this.refuse(flight, at);
  }

  /** No key is left for it, or none that is large enough. */
  refuse(flight: Flight, now: number): void {
    const { last } = flight;
    if (last?.class === 'too_large_for_limit' || (last === null && this.#isTooLarge(flight, now))) {
      this.tally.tooLarge += 1;
    } else {
      this.tally.dry += 1;
    }
    this.tally.noteWait(flight.waitMs);
  }

  /** Whether no limit would ever hold it: then no wait helps. */
  #isTooLarge({ route, needs }: Flight, now: number): boolean {
    const { tiers } = route.plan;
    const views = tiers.map((tier) => explain(this.#table, tier, NOTHING_TRIED, { now, needs }));
    return views.length > 0 && views.every(({ blocked }) => blocked === 'too_large');
  }
}

/** What an answer was charged, and what it showed of the model's sizes. */
function settledAs({ flight, candidate, reservation }: AttemptUnderWay) {
  const { counts, request } = flight;
  const usage = {
    inputTokens: counts.input,
    outputTokens: counts.output,
    cachedTokens: counts.cached,
  };
  const { charge } = candidate.provider;
  const { requestBytes } = request.record;
  return {
    charged: chargedOf(charge, usage, reservation.need, candidate.price),
    sample: { inputTokens: counts.input, outputTokens: counts.output, requestBytes },
  };
}
