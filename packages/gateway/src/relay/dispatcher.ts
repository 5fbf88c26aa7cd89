import { CallTurns, type TurnHost } from '../waiting/call-turns.ts';
import type { Pick, WaitEnd } from '../waiting/waiting-call.ts';
import { decide, freshHistory, giveUp, type Again } from '@keywell/core/keys/decide';
import { choose, coolingUntil, explain } from '@keywell/core/keys/choose';
import type { Tried } from '@keywell/core/keys/draw';
import { NOTHING_CHARGED } from '@keywell/core/keys/need';
import type { Candidate } from '@keywell/core/keys/plan';
import { reserve, settle, type Reservation } from '@keywell/core/keys/reserve';
import { countRequest, takeRetry } from '@keywell/core/keys/retry-budget';
import { UNJUDGED, type Verdict } from '@keywell/core/keys/verdict';
import { editRequest } from '@keywell/wire/openai-chat/request';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { VIA } from '../seam/via.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { Attempt, type AttemptResult } from './attempt.ts';
import { Bars, NOTHING_TRIED } from './bars.ts';
import { passThrough } from './pass-through.ts';
import { exhaustedRefusal } from './pool-state.ts';
import { blameSuspects, isSuspect, type Suspect } from './suspects.ts';
import { targetOf, type UpstreamTarget } from './upstream-target.ts';

type Failed = Extract<AttemptResult, { kind: 'failed' }>;

/** Exclusions shown in one timeline entry; a pool of thousands of keys must not blow a log record up. */
const MAX_SHOWN_EXCLUSIONS = 16;

const MAX_DRAWS = 4;

/** Memory for an edited body: written whole, and only as long-lived as its request. */
const fromPool = (length: number): Uint8Array => Buffer.allocUnsafe(length);
/** A provider may ask for a longer pause than a caller should be kept waiting in silence for. */
const MAX_BACK_OFF_MS = 5000;

/** Attempt after attempt until one answers, nothing is left to try, or the decision says stop. */
export function dispatchOver(
  exchange: Exchange,
  plane: Plane,
  model: LiveModel,
): Promise<PhaseResult> {
  countRequest(exchange.live.table, model.plan, plane.clock.now());
  return new Dispatcher(exchange, plane, model).run();
}

class Dispatcher implements TurnHost {
  readonly #exchange: Exchange;
  readonly #plane: Plane;
  #model: LiveModel;
  readonly #deadlineAt: number;
  readonly #history = freshHistory();
  readonly #turns: CallTurns;
  #bars: Bars | null = null;
  #suspects: Suspect[] | null = null;
  #lastVerdict: Verdict | null = null;
  #lastStatus = 0;
  #step: Again | null = null;
  #edited: { readonly key: string; readonly body: Uint8Array } | null = null;

  constructor(exchange: Exchange, plane: Plane, model: LiveModel) {
    this.#exchange = exchange;
    this.#plane = plane;
    this.#model = model;
    this.#deadlineAt = exchange.startedAt + model.pool.deadlineMs;
    this.#turns = new CallTurns(exchange, plane, this);
  }

  get model(): LiveModel {
    return this.#model;
  }

  get deadlineAt(): number {
    return this.#deadlineAt;
  }

  onMoved(model: LiveModel): void {
    this.#model = model;
  }

  async run(): Promise<PhaseResult> {
    for (;;) {
      let pick = this.#bars === null && this.#turns.othersWait ? null : this.#pick();
      if (pick === null) {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        const turn = await this.#waitForTurn();
        if (turn?.kind !== 'go') return this.#afterWait(turn);
        pick = turn.pick;
      }
      const waitMs = this.#backOffMs(pick);
      const held = waitMs > 0 ? await this.#backOff(pick, waitMs) : pick;
      if (held === null) return this.#exchange.callerGone ? 'done' : this.#nothingLeft();
      const result = await this.#attempt(held);
      this.#turns.afterAttempt(result.kind === 'failed' ? result.verdict : null);
      if (result.kind !== 'failed') {
        if (result.kind === 'answered' && result.well) this.#blameSuspects(held.candidate);
        return 'done';
      }
      const end = this.#afterFailure(held, result);
      if (end !== null) return end;
    }
  }

  /** Another target has served what failed before: then that was the endpoint's trouble. */
  #blameSuspects(served: Candidate): void {
    if (this.#suspects === null) return;
    blameSuspects(this.#exchange, this.#plane, this.#suspects, served);
  }

  /** Waits until a candidate is free, where time brings one. Null when there is nothing to wait for, or no patience. */
  async #waitForTurn(): Promise<WaitEnd | null> {
    const last = this.#bars === null ? null : this.#lastVerdict;
    if (!this.#turns.isWorthWaiting(last, () => this.#view())) return null;
    const end = await this.#turns.wait();
    // What was refused before the wait may be asked again after it.
    this.#bars = null;
    this.#step = null;
    return end;
  }

  #afterWait(end: Exclude<WaitEnd, { kind: 'go' }> | null): PhaseResult {
    if (end === null) return this.#nothingLeft();
    if (end.kind === 'left') return 'done';
    return end.kind === 'barred' ? end.refusal : this.#nothingLeft(end);
  }

  /** The next candidate. */
  #pick(): Pick | null {
    if (!this.#turns.shares) return this.#pickByTiers();
    return this.#turns.claim(() => this.#pickByTiers());
  }

  /** The next candidate, tier by tier. */
  #pickByTiers(): Pick | null {
    if (this.#bars === null) return this.pickFrom(NOTHING_TRIED, this.#turns.tiersAtOnce);
    for (const tried of this.#bars.preferences(this.#model.plan)) {
      const pick = this.pickFrom(tried);
      if (pick !== null) return pick;
    }
    return null;
  }

  pickFrom(tried: Tried, tiers = Infinity): Pick | null {
    const { clock, random } = this.#plane;
    const { table } = this.#exchange.live;
    const now = clock.now();
    for (const tier of this.#model.plan.tiers) {
      if (tier.tier >= tiers) break;
      // A candidate whose domain is locked, or was cooled in between, is drawn again at most a few times.
      for (let turn = 0; turn < MAX_DRAWS; turn += 1) {
        const candidate = choose(table, tier, tried, { now, random });
        if (candidate === null) break;
        const reservation = reserve(table, candidate, now);
        if (reservation !== null) {
          this.#noteCandidates(candidate, now);
          return { candidate, reservation };
        }
      }
    }
    return null;
  }

  #backOffMs(pick: Pick): number {
    return this.#bars?.avoids(pick.candidate) === true ? (this.#step?.delayMs ?? 0) : 0;
  }

  /** Waits before the same endpoint is asked again. Null when there is no time left for it. */
  async #backOff(pick: Pick, waitMs: number): Promise<Pick | null> {
    const { clock } = this.#plane;
    giveBack(this.#exchange, this.#plane, pick.reservation);
    this.#turns.unclaim();
    if (waitMs > MAX_BACK_OFF_MS || clock.now() + waitMs >= this.#deadlineAt) return null;
    const startedAt = clock.now();
    await pauseFor(this.#exchange, waitMs);
    const waitedMs = clock.now() - startedAt;
    this.#exchange.waitMs += waitedMs;
    this.#exchange.timeline.push({
      at: this.#exchange.offset(clock.now()),
      kind: 'wait',
      waitMs: Math.round(waitedMs * 10) / 10,
      why: 'back-off before the same endpoint is asked again',
    });
    return this.#exchange.callerGone ? null : this.#pick();
  }

  #attempt(pick: Pick): Promise<AttemptResult> {
    const { candidate, reservation } = pick;
    const exchange = this.#exchange;
    const now = this.#plane.clock.now();
    const target = targetOf(candidate, VIA);
    this.#turns.tell();
    const why = this.#why(candidate);
    this.#history.attempts += 1;
    exchange.attempts = this.#history.attempts;
    exchange.provider = candidate.provider.id;
    exchange.upstreamModel = candidate.model;
    exchange.key = candidate.key.id;
    exchange.timeline.push({
      at: exchange.offset(now),
      kind: 'attempt',
      attempt: exchange.attempts,
      tier: candidate.tier,
      provider: candidate.provider.id,
      model: candidate.model,
      key: candidate.key.id,
      domain: candidate.domain,
      why,
    });
    const { pool } = this.#model;
    return new Attempt(exchange, this.#plane, {
      candidate,
      target,
      reservation,
      firstByteBy: Math.min(now + pool.firstByteTimeoutMs, this.#deadlineAt),
      hideUsage: this.#asksUsageUnasked(target),
      request: {
        origin: target.origin,
        path: target.paths[exchange.operation] ?? '/',
        method: 'POST',
        headers: target.headers,
        body: this.#bodyFor(candidate, target),
        connectTimeoutMs: pool.connectTimeoutMs,
      },
    }).run();
  }

  #why(candidate: Candidate): 'first' | 'rotation' | 'fallback' | 'retry' {
    if (this.#step === null) return candidate.tier === 0 ? 'first' : 'fallback';
    if (this.#bars?.failedOn(candidate) === true) return 'retry';
    return candidate.tier === 0 ? 'rotation' : 'fallback';
  }

  #asksUsageUnasked(target: UpstreamTarget): boolean {
    const facts = this.#exchange.facts;
    return facts !== null && facts.stream && !facts.includeUsage && target.streamUsage;
  }

  /** The caller's bytes with the model's name exchanged; the same for every key of a target. */
  #bodyFor(candidate: Candidate, target: UpstreamTarget): Uint8Array {
    const { body, facts } = this.#exchange;
    if (facts === null) return body;
    const addStreamUsage = this.#asksUsageUnasked(target);
    const key = `${candidate.model}\n${addStreamUsage}`;
    if (this.#edited?.key !== key) {
      const edit = { model: candidate.model, addStreamUsage };
      this.#edited = { key, body: editRequest(body, facts, edit, fromPool) };
    }
    return this.#edited.body;
  }

  /** Null to go on with another attempt. */
  #afterFailure({ candidate, reservation }: Pick, failed: Failed): PhaseResult {
    if (isSuspect(failed.verdict)) {
      this.#suspects ??= [];
      this.#suspects.push({ reservation, verdict: failed.verdict });
    }
    this.#lastVerdict = failed.verdict;
    this.#lastStatus = failed.status;
    this.#turns.refusedBy(candidate, failed.verdict);
    const route = { retryAmbiguous: this.#retryAmbiguous(), status: failed.status };
    const step = decide(failed.verdict, this.#history, route, this.#plane.random());
    if (step.kind === 'pass_through') return passThrough(this.#exchange, candidate, failed);
    if (step.kind === 'answer') return this.#answer(step.code, step.retryable);
    if (step.budgeted && !this.#takeRetry()) {
      const end = giveUp(failed.verdict.class, failed.status);
      return this.#answer(end.code, end.retryable);
    }
    this.#count(step);
    this.#bars ??= new Bars();
    this.#bars.add(candidate, step);
    this.#step = step;
    if (this.#plane.clock.now() < this.#deadlineAt) return null;
    return this.#answer('upstream_timeout', false);
  }

  #retryAmbiguous(): 'once' | 'never' {
    return this.#exchange.facts?.stored === true ? 'never' : this.#model.pool.retryAmbiguous;
  }

  #takeRetry(): boolean {
    const { clock, meter } = this.#plane;
    if (takeRetry(this.#exchange.live.table, this.#model.plan, clock.now())) return true;
    meter.add('retriesDenied');
    return false;
  }

  #count(step: Again): void {
    if (step.counts === 'none') return;
    this.#history.otherRetries += 1;
    if (step.counts === 'transient') this.#history.transientRetries += 1;
    if (step.counts === 'ambiguous') this.#history.ambiguousRetries += 1;
    if (step.counts === 'unknown') this.#history.unknownRetries += 1;
  }

  /** `line`: what the waiting room has said. */
  #nothingLeft(line: { readonly startAt: number | null } | null = null): PhaseResult {
    this.#turns.tell();
    const view = this.#view();
    const startAt = line?.startAt ?? null;
    return exhaustedRefusal(this.#exchange, this.#plane, view, {
      verdict: this.#lastVerdict,
      status: this.#lastStatus,
      startsInMs: startAt === null ? null : startAt - this.#plane.clock.now(),
      stoodInLine: line !== null,
    });
  }

  #answer(code: Parameters<typeof refuse>[0], retryable: boolean): PhaseResult {
    if (code === 'pool_exhausted' || code === 'pool_unavailable') return this.#nothingLeft();
    return refuse(code, null, { headers: retryable ? [] : ['x-should-retry', 'false'] });
  }

  #view() {
    const { table } = this.#exchange.live;
    const now = this.#plane.clock.now();
    return this.#model.plan.tiers.map((tier) => explain(table, tier, NOTHING_TRIED, { now }));
  }

  /** What could not be chosen and why, for the log; costs nothing while nothing is cooled. */
  #noteCandidates(chosen: Candidate, now: number): void {
    const { table } = this.#exchange.live;
    if (this.#bars === null && coolingUntil(table) <= now) return;
    for (const tier of this.#model.plan.tiers) {
      const view = explain(table, tier, this.#bars?.tried ?? NOTHING_TRIED, { now });
      this.#exchange.timeline.push({
        at: this.#exchange.offset(now),
        kind: 'candidates',
        tier: tier.tier,
        eligible: view.eligible,
        excluded: view.excluded.slice(0, MAX_SHOWN_EXCLUSIONS),
      });
      if (tier.tier === chosen.tier) return;
    }
  }
}

/** Waits, but no longer than the caller does. */
function pauseFor(exchange: Exchange, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      exchange.running = null;
      resolve();
    };
    const timer = setTimeout(end, waitMs);
    exchange.running = { callerLeft: end, callerReads: () => undefined };
  });
}

/** Lets a candidate go that was held and not called. */
function giveBack(exchange: Exchange, plane: Plane, reservation: Reservation): void {
  const { clock, random } = plane;
  const changes = settle(exchange.live.table, reservation, UNJUDGED, {
    now: clock.now(),
    wallNow: clock.wallNow(),
    random,
    charged: NOTHING_CHARGED,
  });
  // Those of settlements that had to wait until now.
  if (changes.length > 0) plane.cooled(changes, exchange.live);
}
