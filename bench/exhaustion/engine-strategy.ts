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
import { isRoomCertain } from '../../packages/core/src/keys/certain-room.ts';
import type { Candidate } from '../../packages/core/src/keys/plan.ts';
import { countRequest, takeRetry } from '../../packages/core/src/keys/retry-budget.ts';
import type { Verdict } from '../../packages/core/src/keys/verdict.ts';
import { callCost, NO_COST } from '../../packages/core/src/waiting/call-cost.ts';
import {
  correct,
  roomReturned,
  waitingIn,
  type Earmark,
  type Served,
} from '../../packages/core/src/waiting/turn-queue.ts';
import { domainsToLeave } from '../../packages/core/src/waiting/kept-domains.ts';
import type { KeptPlace } from '../../packages/core/src/waiting/kept-refill.ts';
import type { PoolCapacity } from '../../packages/core/src/waiting/pool-capacity.ts';
import {
  VirtualLine,
  type VirtualCall,
  type VirtualLineHost,
} from '../../packages/core/src/waiting/virtual-line.ts';
import { waitingOnNode } from '../../packages/core/src/waiting/waiting-table.ts';
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

/** How long a call keeps away from a domain that has refused it and named no end. */
const UNNAMED_END_MS = 1000;
/** What a caller is told that is not told an instant. */
const SOME_WAIT_MS = 1000;
/** How long a call is passed at most that alone must not go where there is room. */
const PUT_OFF_MS = 100;

interface Call extends VirtualCall {
  readonly request: RequestView;
  readonly worker: WorkerTables;
  readonly history: DispatchHistory;
  readonly needs: CallNeeds;
  /** Domains that refused it, until when they asked to be left alone. */
  readonly refusedUntil: Map<string, number>;
  readonly suspects: Suspect[];
  lastVerdict: Verdict | null;
  bars: Bars | null;
  step: Again | null;
  served: Served | null;
}

interface Open {
  readonly call: Call;
  readonly pick: Pick;
}

export const keywell: StrategyFactory = (world, actions, random) =>
  new Keywell(world, actions, random);

class Keywell implements Strategy, VirtualLineHost<Call, Pick> {
  readonly #actions: Actions;
  readonly #random: () => number;
  readonly #engine: EngineWorld;
  readonly #keys: EngineKeys;
  readonly #line: VirtualLine<Call, Pick>;
  readonly #open = new Map<number, Open>();
  /** Calls that pause before the same endpoint is asked again. */
  readonly #paused: { readonly call: Call; readonly at: number }[] = [];

  constructor(world: World, actions: Actions, random: () => number) {
    this.#actions = actions;
    this.#random = random;
    this.#engine = engineWorld(world);
    this.#keys = new EngineKeys(this.#engine, world, random);
    const { record, workers, seats } = this.#engine;
    const pool = { ...record, key: seats[0]?.pool ?? 0 };
    this.#line = new VirtualLine(
      pool,
      workers.map(({ waiting }) => waiting),
      this,
    );
  }

  arrive(request: RequestView, now: number): void {
    const worker = this.#engine.workers[request.worker - 1];
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
      deadlineAt: request.dispatchBy,
      spillAt: null,
      refusedUntil: new Map(),
      suspects: [],
      lastVerdict: null,
      bars: null,
      step: null,
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
    this.#line.wake(now);
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
      this.#refuse(call, SOME_WAIT_MS);
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
      this.#refuse(call, SOME_WAIT_MS);
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
    if (refused) this.#line.refused(call.request.worker - 1, now);
    call.served = null;
  }

  /** Waiting room: a place in the line, where the call starts in time as far as is known. */
  #waitForTurn(call: Call, now: number): void {
    if (!this.#isWorthWaiting(call, now)) {
      this.#refuse(call, SOME_WAIT_MS);
      return;
    }
    call.bars = null;
    call.step = null;
    this.#line.join(call, call.request.worker - 1, now);
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

  #freed(now: number): void {
    const [first] = this.#engine.workers;
    if (first === undefined || waitingOnNode(first.waiting) === 0) return;
    roomReturned(first.waiting);
    this.#line.freed(now);
  }

  startOf({ worker, needs }: Call, now: number): number | null {
    return this.#keys.startOf(worker.keys, needs, now);
  }

  roomAt(call: Call, now: number): number | null {
    return this.startOf(call, now);
  }

  againAt(call: Call, now: number): number {
    const startAt = this.startOf(call, now) ?? now;
    const ends = [startAt, ...call.refusedUntil.values()];
    return ends.reduce((first, end) => (end > now && end < first ? end : first), now + PUT_OFF_MS);
  }

  capacity({ worker }: Call, now: number): PoolCapacity {
    return this.#keys.capacity(worker.keys, now);
  }

  pick(
    { worker, needs, refusedUntil }: Call,
    kept: readonly Earmark[],
    now: number,
  ): Pick | 'no_room' | 'not_yet' {
    const domains = new Set(domainsToLeave(worker.keys, kept, { now, needs }));
    let alone = false;
    for (const [domain, until] of refusedUntil) {
      if (until <= now) continue;
      domains.add(domain);
      alone = true;
    }
    const tried = { candidates: NO_CANDIDATES, domains };
    const pick = this.#keys.pickFrom(worker.keys, needs, tried, now);
    return pick ?? (alone ? 'not_yet' : 'no_room');
  }

  isRoomCertain({ candidate, reservation }: Pick, now: number): boolean {
    return isRoomCertain(reservation.table, candidate, now);
  }

  placeToKeep(call: Call, kept: readonly Earmark[], now: number): KeptPlace | null {
    const { worker, needs, deadlineAt } = call;
    return this.#keys.placeToKeep(worker.keys, needs, { now, deadlineAt, kept });
  }

  go(call: Call, pick: Pick, served: Served | null): void {
    call.served = served;
    this.#send(call, pick);
  }

  refuse(call: Call, startAt: number | null, now: number): void {
    this.#refuse(call, startAt === null ? SOME_WAIT_MS : startAt - now);
  }

  #sleep(now: number): void {
    this.#actions.wakeAt(
      Math.max(now, Math.min(this.#paused[0]?.at ?? Infinity, this.#line.wakeAt)),
    );
  }

  #refuse(call: Call, retryAfterMs: number): void {
    this.#actions.refuse(call.request, retryAfterMs);
  }
}

const NO_CANDIDATES: Set<number> = new Set();
