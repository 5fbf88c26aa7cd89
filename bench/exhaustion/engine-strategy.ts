// Keywell as a strategy: the real functions of core and providers, driven as the gateway's dispatcher and waiting room drive them, with
// the bench's events for time and sockets.
import { Bars } from '../../packages/gateway/src/relay/bars.ts';
import { isSuspect } from '../../packages/gateway/src/relay/suspects.ts';
import {
  decide,
  freshHistory,
  type Again,
  type DispatchHistory,
} from '../../packages/core/src/keys/decide.ts';
import { endsByTime } from '../../packages/core/src/keys/cooldown-codes.ts';
import type { Candidate } from '../../packages/core/src/keys/plan.ts';
import { countRequest, takeRetry } from '../../packages/core/src/keys/retry-budget.ts';
import type { Verdict } from '../../packages/core/src/keys/verdict.ts';
import { callCost, NO_COST } from '../../packages/core/src/waiting/call-cost.ts';
import {
  answerCall,
  callTicket,
  correct,
  enqueue,
  leave,
  nextTicket,
  noteNoRoom,
  roomReturned,
  serve,
  ticketState,
  waitingIn,
  type Earmark,
  type NextTicket,
  type Served,
} from '../../packages/core/src/waiting/turn-queue.ts';
import { domainsToLeave } from '../../packages/core/src/waiting/kept-domains.ts';
import {
  projectStart,
  queueAhead,
  startsInTime,
} from '../../packages/core/src/waiting/projection.ts';
import type { ShareSeat } from '../../packages/core/src/waiting/share-seat.ts';
import { waitingOnNode } from '../../packages/core/src/waiting/waiting-table.ts';
import type { TicketId } from '../../packages/core/src/waiting/tickets.ts';
import { turnOf } from '../../packages/core/src/waiting/turn.ts';
import { CallNeeds, EngineKeys, type Pick, type Suspect } from './engine-keys.ts';
import { engineWorld, type EngineWorld, type WorkerTables } from './engine-world.ts';
import type {
  Actions,
  AttemptView,
  RequestView,
  ResponseView,
  Strategy,
  StrategyFactory,
  World,
} from './strategy.ts';

/** As the gateway's line: tickets looked at in a turn, and the longest and the shortest sleep while somebody waits. */
const MAX_LOOKS = 64;
const LONGEST_SLEEP_MS = 1000;
const LEAST_SLEEP_MS = 20;
/** What doubles may be off by: who wakes at an instant must find it past. */
const ROUNDING_MS = 0.001;
/** How long a call keeps away from a domain that has refused it and named no end. */
const UNNAMED_END_MS = 1000;

interface Call {
  readonly request: RequestView;
  readonly seat: ShareSeat;
  readonly worker: Worker;
  readonly history: DispatchHistory;
  readonly needs: CallNeeds;
  /** Tokens that have to fit at once. */
  readonly tokens: number;
  /** Domains that refused it, until when they asked to be left alone. */
  readonly refusedUntil: Map<string, number>;
  readonly suspects: Suspect[];
  lastVerdict: Verdict | null;
  bars: Bars | null;
  step: Again | null;
  ticket: TicketId;
  served: Served | null;
}

/** One listener worker: its handles, and its calls that wait. */
interface Worker extends WorkerTables {
  readonly waiters: Map<TicketId, Call>;
  /** When it looks at its line again. */
  wakeAt: number;
  /** When the first of them gives up. */
  givesUpAt: number;
}

interface Open {
  readonly call: Call;
  readonly pick: Pick;
}

export const keywell: StrategyFactory = (world, actions, random) =>
  new Keywell(world, actions, random);

class Keywell implements Strategy {
  readonly #actions: Actions;
  readonly #random: () => number;
  readonly #engine: EngineWorld;
  readonly #keys: EngineKeys;
  readonly #workers: readonly Worker[];
  readonly #open = new Map<number, Open>();
  /** Calls that pause before the same endpoint is asked again. */
  readonly #paused: { readonly call: Call; readonly at: number }[] = [];

  constructor(world: World, actions: Actions, random: () => number) {
    this.#actions = actions;
    this.#random = random;
    this.#engine = engineWorld(world);
    this.#keys = new EngineKeys(this.#engine, world, random);
    this.#workers = this.#engine.workers.map(({ keys, waiting }) => ({
      keys,
      waiting,
      waiters: new Map(),
      wakeAt: Infinity,
      givesUpAt: Infinity,
    }));
  }

  arrive(request: RequestView, now: number): void {
    const worker = this.#workers[request.worker - 1];
    const seat = this.#engine.seats[request.tenant];
    if (worker === undefined || seat === undefined) throw new Error('no such worker or tenant');
    countRequest(worker.keys, this.#engine.pool, now);
    const needs = new CallNeeds(worker.keys, request);
    const call: Call = {
      request,
      seat,
      worker,
      history: freshHistory(),
      needs,
      tokens: this.#keys.tokensOf(needs),
      refusedUntil: new Map(),
      suspects: [],
      lastVerdict: null,
      bars: null,
      step: null,
      ticket: 0,
      served: null,
    };
    this.#goOn(call, now);
    this.#sleep(now);
  }

  firstByte(attempt: AttemptView, head: ResponseView, now: number): void {
    const open = this.#open.get(attempt.id);
    if (open === undefined) return;
    this.#keys.heard(open.call.worker.keys, open.pick, head, now);
    this.#keys.firstContent(open.call.worker.keys, open.pick, now);
    this.#freed(now);
    this.#sleep(now);
  }

  respond(attempt: AttemptView, response: ResponseView, now: number): void {
    const open = this.#open.get(attempt.id);
    if (open === undefined) return;
    this.#open.delete(attempt.id);
    const { call, pick } = open;
    const { keys } = call.worker;
    const verdict = this.#keys.verdictOf(attempt, response, now);
    if (!attempt.request.stream || response.status !== 200) {
      this.#keys.heard(keys, pick, response, now);
    }
    this.#keys.settle(keys, pick, { verdict, request: call.request, response }, now);
    this.#correct(open, verdict, response, now);
    if (response.status === 200) this.#judge(call, pick.candidate, now);
    else this.#afterFailure(call, pick, { verdict, status: response.status }, now);
    this.#freed(now);
    this.#sleep(now);
  }

  wake(now: number): void {
    while ((this.#paused[0]?.at ?? Infinity) <= now) {
      const due = this.#paused.shift();
      if (due !== undefined) this.#goOn(due.call, now);
    }
    for (const worker of this.#workers) if (worker.wakeAt <= now) this.#takeTurns(worker, now);
    this.#sleep(now);
  }

  /** Dispatcher: the next attempt, or a place in the line, or the end. */
  #goOn(call: Call, now: number): void {
    const { worker, bars, needs } = call;
    const inLine = bars === null && waitingIn(worker.waiting, call.seat.pool) > 0;
    const pick = inLine ? null : this.#keys.pick(worker.keys, needs, bars, now);
    if (pick === null) this.#waitForTurn(call, now);
    else if (bars?.avoids(pick.candidate) === true && (call.step?.delayMs ?? 0) > 0) {
      this.#pause(call, pick, now);
    } else this.#send(call, pick);
  }

  #send(call: Call, pick: Pick): void {
    call.history.attempts += 1;
    const key = this.#engine.keyOf[pick.candidate.index] ?? 0;
    const attempt = this.#actions.send(call.request, key);
    this.#open.set(attempt.id, { call, pick });
  }

  #pause(call: Call, pick: Pick, now: number): void {
    this.#keys.giveBack(call.worker.keys, pick, now);
    const at = now + (call.step?.delayMs ?? 0);
    if (at > call.request.dispatchBy) {
      this.#refuse(call, 1000);
      return;
    }
    call.step = null;
    let place = this.#paused.length;
    while (place > 0 && (this.#paused[place - 1]?.at ?? 0) > at) place -= 1;
    this.#paused.splice(place, 0, { call, at });
  }

  #afterFailure(
    call: Call,
    pick: Pick,
    of: { readonly verdict: Verdict; readonly status: number },
    now: number,
  ): void {
    const { candidate } = pick;
    call.lastVerdict = of.verdict;
    if (isSuspect(of.verdict)) call.suspects.push({ pick, verdict: of.verdict });
    if (endsByTime(of.verdict.class)) {
      call.refusedUntil.set(candidate.domain, now + (of.verdict.endsInMs ?? UNNAMED_END_MS));
    }
    const route = { retryAmbiguous: this.#engine.record.retryAmbiguous, status: of.status };
    const step = decide(of.verdict, call.history, route, this.#random());
    const again =
      step.kind === 'again' &&
      now <= call.request.dispatchBy &&
      (!step.budgeted || takeRetry(call.worker.keys, this.#engine.pool, now));
    if (!again) {
      this.#judge(call, null, now);
      this.#refuse(call, 1000);
      return;
    }
    if (step.counts !== 'none') {
      call.history.otherRetries += 1;
      if (step.counts === 'transient') call.history.transientRetries += 1;
      if (step.counts === 'ambiguous') call.history.ambiguousRetries += 1;
      if (step.counts === 'unknown') call.history.unknownRetries += 1;
    }
    call.bars ??= new Bars();
    call.bars.add(candidate, step);
    call.step = step;
    this.#goOn(call, now);
  }

  #judge({ worker, suspects, request }: Call, servedBy: Candidate | null, now: number): void {
    this.#keys.judge(worker.keys, suspects, { servedBy, tenant: request.tenant, now });
  }

  #correct({ call, pick }: Open, verdict: Verdict, { usage }: ResponseView, now: number): void {
    if (call.served === null) return;
    const { keys, waiting } = call.worker;
    const tokens = usage === null ? call.tokens : this.#keys.chargedTokens(pick, usage);
    const refused = verdict.class !== 'success' && endsByTime(verdict.class);
    const { tokensPerRequest } = this.#keys.capacity(keys, now);
    const cost = refused ? NO_COST : callCost(tokens, tokensPerRequest);
    correct(waiting, call.served, cost);
    call.served = null;
  }

  /** Waiting room: a place in the line, where the call starts in time as far as is known. */
  #waitForTurn(call: Call, now: number): void {
    const { worker, seat, request, tokens } = call;
    if (!this.#isWorthWaiting(call, now)) {
      this.#refuse(call, 1000);
      return;
    }
    call.bars = null;
    call.step = null;
    const deadlineAt = request.dispatchBy;
    const { maxWaitMs, maxWaiting } = this.#engine.record;
    const capacity = this.#keys.capacity(worker.keys, now);
    const cost = callCost(tokens, capacity.tokensPerRequest);
    const turnAt = turnOf(
      { deadlineAt, cost },
      { limitsTokens: capacity.tokens !== null, maxWaitMs },
    );
    const ahead = queueAhead(worker.waiting, seat, { turnAt, cost });
    const alone = this.#keys.startOf(worker.keys, call.needs, now);
    if (alone === null) {
      this.#refuse(call, 1000);
      return;
    }
    const start = projectStart(alone, ahead, { tokens, capacity, now });
    if (!startsInTime(start, { now, deadlineAt })) {
      this.#refuse(call, start.inTurn - now);
      return;
    }
    const terms = { turnAt, cost, tokens };
    const ticket = enqueue(worker.waiting, seat, terms, { now, maxWaiting });
    if (typeof ticket === 'string') {
      this.#refuse(call, start.inTurn - now);
      return;
    }
    call.ticket = ticket;
    worker.waiters.set(ticket, call);
    this.#takeTurns(worker, now);
  }

  /** After a failure that no time mends, what is left is the answer. */
  #isWorthWaiting(call: Call, now: number): boolean {
    const { worker, seat, lastVerdict } = call;
    if (lastVerdict?.class === 'too_large_for_limit') return false;
    if (call.bars === null && waitingIn(worker.waiting, seat.pool) > 0) return true;
    const { eligible, byTime } = this.#keys.prospects(worker.keys, call.needs, now);
    const forRoom = lastVerdict === null || endsByTime(lastVerdict.class);
    return byTime && (forRoom || eligible === 0);
  }

  /** Capacity may have come back: every worker looks at its line. */
  #freed(now: number): void {
    const [first] = this.#workers;
    if (first === undefined || waitingOnNode(first.waiting) === 0) return;
    roomReturned(first.waiting);
    for (const worker of this.#workers) if (worker.waiters.size > 0) this.#takeTurns(worker, now);
  }

  /** Lets go whoever's turn it is and who fits; a ticket of another worker is that worker's to take, at once here. */
  #takeTurns(worker: Worker, now: number): void {
    let current: Worker | null = worker;
    for (let turn = 0; current !== null && turn < 2 * MAX_LOOKS; turn += 1) {
      this.#dropEnded(current, now);
      current = this.#mayServe(current, now) ? this.#turns(current, now) : null;
    }
    for (const each of this.#workers) each.wakeAt = this.#soonestOf(each, now);
  }

  /** While the smallest of all does not fit anywhere nobody does. Where others wait elsewhere it is not known which that is. */
  #mayServe(worker: Worker, now: number): boolean {
    const smallest = smallestOf(worker);
    if (smallest === null) return false;
    const { waiting, waiters } = worker;
    if (waiters.size < waitingIn(waiting, smallest.seat.pool)) return true;
    const startAt = this.#keys.startOf(worker.keys, smallest.needs, now);
    return startAt !== null && startAt <= now;
  }

  /** Only a full line displaces anybody. */
  #dropEnded(worker: Worker, now: number): void {
    const { waiters, waiting, givesUpAt } = worker;
    const full = waitingOnNode(waiting) >= this.#engine.record.maxWaiting;
    if (!full && givesUpAt > now) return;
    for (const call of waiters.values()) {
      const lost = full && ticketState(waiting, call.ticket) !== 'waiting';
      if (!lost && call.request.dispatchBy >= now) continue;
      this.#leave(call);
      this.#refuse(call, 1000);
    }
  }

  /** The worker whose turn it is then; null when nobody's is. */
  #turns(worker: Worker, now: number): Worker | null {
    const { waiting, waiters } = worker;
    const pool = this.#engine.seats[0]?.pool ?? 0;
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const next = nextTicket(waiting, pool, { now });
      if (next === null || next === 'busy') return null;
      const call = waiters.get(next.id);
      if (call === undefined) {
        callTicket(waiting, next.id, now);
        return this.#workers[next.worker - 1] ?? null;
      }
      if (!this.#tryStart(call, next.kept, now)) this.#noRoomFor(call, next, now);
    }
    return null;
  }

  /** Others of its size are not looked at meanwhile, and what comes back to one key is put aside for it. */
  #noRoomFor({ worker, needs, request, seat }: Call, next: NextTicket, now: number): void {
    if (next.called) answerCall(worker.waiting, next.id);
    const roomAt = this.#keys.startOf(worker.keys, needs, now) ?? now + LONGEST_SLEEP_MS;
    const place = this.#keys.placeToKeep(worker.keys, needs, {
      now,
      deadlineAt: request.dispatchBy,
      kept: next.kept,
    });
    noteNoRoom(worker.waiting, seat.pool, {
      tokens: next.tokens,
      now,
      until: Math.max(roomAt, now + LEAST_SLEEP_MS),
      keep: place === null ? null : { id: next.id, ...place },
    });
  }

  #tryStart(call: Call, kept: readonly Earmark[], now: number): boolean {
    const { worker, needs } = call;
    const domains = new Set(domainsToLeave(worker.keys, kept, { now, needs }));
    for (const [domain, until] of call.refusedUntil) if (until > now) domains.add(domain);
    const tried = { candidates: NO_CANDIDATES, domains };
    const pick = this.#keys.pickFrom(worker.keys, needs, tried, now);
    if (pick === null) return false;
    const served = serve(worker.waiting, call.ticket);
    worker.waiters.delete(call.ticket);
    call.ticket = 0;
    call.served = served === 'busy' ? null : served;
    this.#send(call, pick);
    return true;
  }

  /** When a worker's line may move: somebody fits, or somebody gives up. */
  #soonestOf(worker: Worker, now: number): number {
    const { waiters, keys } = worker;
    worker.givesUpAt = Infinity;
    if (waiters.size === 0) return Infinity;
    for (const call of waiters.values()) {
      worker.givesUpAt = Math.min(worker.givesUpAt, call.request.dispatchBy + ROUNDING_MS);
    }
    const smallest = smallestOf(worker);
    const startAt = smallest === null ? null : this.#keys.startOf(keys, smallest.needs, now);
    const sleep = startAt === null ? LONGEST_SLEEP_MS : Math.max(LEAST_SLEEP_MS, startAt - now);
    return Math.min(worker.givesUpAt, now + Math.min(LONGEST_SLEEP_MS, sleep) + ROUNDING_MS);
  }

  #sleep(now: number): void {
    let at = this.#paused[0]?.at ?? Infinity;
    for (const worker of this.#workers) at = Math.min(at, worker.wakeAt);
    this.#actions.wakeAt(Math.max(now, at));
  }

  #leave(call: Call): void {
    leave(call.worker.waiting, call.ticket);
    call.worker.waiters.delete(call.ticket);
    call.ticket = 0;
  }

  #refuse(call: Call, retryAfterMs: number): void {
    this.#actions.refuse(call.request, retryAfterMs);
  }
}

const NO_CANDIDATES: Set<number> = new Set();

function smallestOf({ waiters }: Worker): Call | null {
  let smallest: Call | null = null;
  for (const call of waiters.values()) {
    if (smallest === null || call.tokens < smallest.tokens) smallest = call;
  }
  return smallest;
}
