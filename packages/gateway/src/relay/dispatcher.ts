import { CallTurns, type TurnHost } from '../waiting/call-turns.ts';
import type { WaitEnd } from '../waiting/waiting-call.ts';
import { countStep, decide, freshHistory, giveUp, type Again } from '@keywell/core/keys/decide';
import type { Tried } from '@keywell/core/keys/draw';
import type { Candidate } from '@keywell/core/keys/plan';
import { countRequest } from '@keywell/core/keys/retry-budget';
import type { Verdict } from '@keywell/core/keys/verdict';
import { continueStream } from '../continuation/continue-stream.ts';
import { continuationFor, type Continuation } from '../continuation/continuation.ts';
import { noteDoubleCharge } from '../hedging/double-charge.ts';
import type { RaceEnd } from '../hedging/hedged-attempt.ts';
import type { PoolHedging } from '../hedging/hedging.ts';
import { raceOver } from '../hedging/race-over.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { isBarred, isTheCallers } from '../passthrough/judge-passed.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { canBeTold, incapableRefusal } from '../translate/fitness.ts';
import { isReadApart, readApart, readBeforeChoice } from '../translate/read-apart.ts';
import { isServed, type AttemptResult } from './attempt-result.ts';
import type { Attempt } from './attempt.ts';
import { backOff } from './back-off.ts';
import { Bars, besides, NOTHING_TRIED } from './bars.ts';
import type { CallNeeds } from './call-needs.ts';
import { CandidatePicker } from './candidate-picker.ts';
import {
  makeAttempt,
  noteServer,
  type AttemptCall,
  type EditedBody,
  type Pick,
  type Why,
} from './make-attempt.ts';
import { giveBack } from './give-back.ts';
import { mayFallBack, refusingLikewise } from './fallback.ts';
import { leavesSomething, mayHaveRun, mayHaveRunCode } from './may-have-run.ts';
import { pauseFor } from './pause-for.ts';
import { passThrough } from './pass-through.ts';
import { exhaustedRefusal } from './pool-state.ts';
import { isSuspect, judgeSuspects, type Suspect } from './suspects.ts';
import { putRetryBack, takeRetryFor, type TakenRetry } from './taken-retry.ts';

type Failed = Extract<AttemptResult, { kind: 'failed' }>;

const FALL_BACK: Again = Object.freeze({
  kind: 'again',
  bar: 'key',
  counts: 'none',
  budgeted: false,
  delayMs: 0,
});

/** How long a call waits for a record that is held, and how often it looks. */
const BUSY_PAUSE_MS = 2;
const BUSY_TRIES = 100;

/** Attempt after attempt until one answers, nothing is left to try, or the decision says stop. */
export function dispatchOver(
  exchange: Exchange,
  plane: Plane,
  model: LiveModel,
): Promise<PhaseResult> {
  countRequest(exchange.live.table, model.plan, plane.clock.now());
  const call = new Dispatcher(exchange, plane, model);
  if (!exchange.strict) return call.run();
  return readBeforeChoice(exchange, model.plan).then((isHere) => (isHere ? call.run() : 'done'));
}

class Dispatcher implements AttemptCall, TurnHost {
  readonly exchange: Exchange;
  readonly plane: Plane;
  model: LiveModel;
  readonly deadlineAt: number;
  edited: EditedBody | null = null;
  readonly #picker: CandidatePicker;
  readonly #history = freshHistory();
  readonly #turns: CallTurns;
  /** Null where no second attempt may be made. */
  readonly #hedging: PoolHedging | null;
  /** Null where a stream that breaks off is not gone on with. */
  readonly continuation: Continuation | null;
  #bars: Bars | null = null;
  #suspects: Suspect[] | null = null;
  #lastVerdict: Verdict | null = null;
  #lastStatus = 0;
  #step: Again | null = null;
  /** Out of the pool's budget, for the next attempt. */
  #retry: TakenRetry | null = null;
  /** What a provider said of the request that others were asked after. */
  #said: { readonly candidate: Candidate; readonly failed: Failed } | null = null;

  constructor(exchange: Exchange, plane: Plane, model: LiveModel) {
    this.exchange = exchange;
    this.plane = plane;
    this.model = model;
    this.deadlineAt = exchange.startedAt + model.pool.deadlineMs;
    const hedges =
      model.pool.hedge !== null && exchange.streamed && exchange.facts?.stored !== true;
    this.#hedging = hedges ? plane.hedging.of(model.pool.id) : null;
    this.continuation = continuationFor(exchange);
    this.#picker = new CandidatePicker(exchange, plane, model);
    this.#turns = new CallTurns(exchange, plane, this);
  }

  get needs(): CallNeeds {
    return this.#picker.needs;
  }

  onMoved(model: LiveModel): void {
    this.model = model;
    this.#picker.model = model;
    this.needs.forget();
  }

  async run(): Promise<PhaseResult> {
    for (;;) {
      let pick = this.#bars === null && this.#turns.othersWait ? null : this.#pick();
      if (pick === null) {
        const turn = await this.#waitForTurn();
        if (turn?.kind !== 'go') return this.#end(this.#afterWait(turn), null);
        pick = turn.pick;
      }
      const waitMs = this.#backOffMs(pick);
      const held = waitMs > 0 ? await this.#backOff(pick, waitMs) : pick;
      if (held === null) {
        return this.#end(this.exchange.callerGone ? 'done' : this.#nothingLeft(), null);
      }
      if (isReadApart(this.exchange, held.candidate) && !(await readApart(this.exchange))) {
        this.#putBack(held);
        return this.#end('done', null);
      }
      if (!this.#canTell(held)) continue;
      const race = this.#hedging === null ? null : await this.#race(held, this.#hedging);
      const result = race === null ? await this.#attempt(held) : race.result;
      const by = race === null ? held : race.pick;
      const earlier = race === null ? null : race.earlier;
      this.#turns.afterAttempt(by, result.kind === 'failed' ? result.verdict : null);
      if (result.kind !== 'failed') {
        if (earlier !== null) this.#noteSuspect(earlier);
        if (result.kind === 'interrupted') await this.#continue(by.candidate);
        return this.#end('done', isServed(result) ? by.candidate : null);
      }
      const end = this.#afterRace(by, result, earlier);
      if (end !== null) return this.#end(end, null);
    }
  }

  #afterRace(by: Pick, failed: Failed, earlier: RaceEnd<Pick>['earlier']): PhaseResult {
    const end = earlier === null ? null : this.#afterFailure(earlier.pick, earlier.failed);
    return end ?? this.#afterFailure(by, failed);
  }

  async #continue(from: Candidate): Promise<void> {
    const continuation = this.continuation;
    if (continuation === null) return;
    const of = { model: this.model, continuation, from };
    await continueStream(this.exchange, this.plane, of, {
      pick: (tried) => this.pickFrom(tried),
      start: (pick) => this.#start(pick, 'continuation', null),
      takeRetry: () => this.#takeRetry(),
    });
  }

  #end(how: PhaseResult, servedBy: Candidate | null): PhaseResult {
    if (this.#suspects !== null) {
      judgeSuspects(this.exchange, this.plane, this.#suspects, servedBy);
    }
    if (this.#retry !== null) putRetryBack(this.#retry);
    return how;
  }

  /**
   * Waits until a candidate is free, where time brings one. Null when there is nothing to wait for, or no patience; then a record that a
   * thread was put aside with is waited for all the same.
   */
  async #waitForTurn(): Promise<WaitEnd | null> {
    const last = this.#bars === null ? null : this.#lastVerdict;
    if (!this.#turns.isWorthWaiting(last, () => this.#picker.view())) {
      const pick = await this.#pickWhenFree();
      if (pick !== null) return { kind: 'go', pick, served: null };
      return this.exchange.callerGone ? { kind: 'left' } : null;
    }
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
    for (const tried of this.#bars.preferences(this.model.plan)) {
      const pick = this.pickFrom(tried);
      if (pick !== null) return pick;
    }
    return null;
  }

  pickFrom(tried: Tried, tiers = Infinity): Pick | null {
    return this.#picker.pick(tried, tiers, this.#bars === null);
  }

  /**
   * Nothing was to be had. Where something is eligible all the same, a thread that was put aside in the middle of an update holds its
   * record, and is soon back; or this worker is full, and one of so many attempts soon ends.
   */
  async #pickWhenFree(): Promise<Pick | null> {
    for (let turn = 0; turn < BUSY_TRIES && this.#mayBeFree(); turn += 1) {
      await pauseFor(this.exchange, BUSY_PAUSE_MS);
      if (this.exchange.callerGone || this.plane.clock.now() >= this.deadlineAt) return null;
      const pick = this.#picker.isFull ? null : this.#pick();
      if (pick !== null) return pick;
    }
    return null;
  }

  /** A full worker does not look through its keys again and again. */
  #mayBeFree(): boolean {
    return this.#picker.isFull || this.#picker.isEligible(this.#bars?.tried ?? NOTHING_TRIED);
  }

  #backOffMs(pick: Pick): number {
    return this.#bars?.avoids(pick.candidate) === true ? (this.#step?.delayMs ?? 0) : 0;
  }

  /** Waits before the same endpoint is asked again. Null when there is no time left for it. */
  async #backOff(pick: Pick, waitMs: number): Promise<Pick | null> {
    this.#putBack(pick);
    const waited = await backOff(this.exchange, this.plane.clock, waitMs, this.deadlineAt);
    return waited ? this.#pick() : null;
  }

  #attempt(pick: Pick): Promise<AttemptResult> {
    return this.#start(pick, this.#why(pick.candidate), null).run();
  }

  /** The attempt, and a second one elsewhere should its first token be late. */
  #race(first: Pick, hedging: PoolHedging): Promise<RaceEnd<Pick>> {
    return raceOver(
      this.exchange,
      this.plane,
      { model: this.model, hedging },
      {
        first,
        second: () => this.#secondBeside(first),
        start: (pick, isSecond, onContent) =>
          this.#start(pick, isSecond ? 'hedge' : this.#why(pick.candidate), onContent),
        won: ({ candidate }) => noteServer(this.exchange, candidate),
      },
    );
  }

  #secondBeside(first: Pick): Pick | null {
    const second = this.pickFrom(besides(this.#bars, first.candidate));
    return second !== null && this.#canTell(second) ? second : null;
  }

  #start(pick: Pick, why: Why, onContent: (() => void) | null): Attempt {
    this.#history.attempts += 1;
    this.#retry = null;
    this.#turns.tell();
    try {
      return makeAttempt(this, pick, why, onContent);
    } catch (error) {
      // A defect of our own; what was taken for the attempt goes back all the same.
      this.#putBack(pick);
      throw error;
    }
  }

  /** Whether the pick can be told the call; from then on nobody is chosen who would have to be told it in other words. */
  #canTell(pick: Pick): boolean {
    let can = false;
    try {
      can = canBeTold(this.exchange, pick.candidate);
    } finally {
      if (!can) {
        this.#putBack(pick);
        this.needs.forget();
      }
    }
    return can;
  }

  /** What was picked is not called after all. */
  #putBack({ reservation }: Pick): void {
    giveBack(this.exchange, this.plane, reservation);
    this.#turns.unclaim();
  }

  #why(candidate: Candidate): Why {
    if (this.#step === null) return candidate.tier === 0 ? 'first' : 'fallback';
    if (this.#step === FALL_BACK) return 'fallback';
    if (this.#step.bar === 'nothing') return 'retry';
    if (this.#bars?.failedOn(candidate) === true) return 'retry';
    return candidate.tier === 0 ? 'rotation' : 'fallback';
  }

  /** Null to go on with another attempt. */
  #afterFailure(pick: Pick, failed: Failed): PhaseResult {
    const { candidate } = pick;
    this.#noteSuspect({ pick, failed });
    this.#lastVerdict = failed.verdict;
    this.#lastStatus = failed.status;
    this.#turns.refusedBy(candidate, failed.verdict);
    if (this.#fallsBack(candidate, failed)) return null;
    if (mayHaveRun(this.exchange, failed)) {
      return this.#answer(mayHaveRunCode(failed), false);
    }
    if (isBarred(this.exchange, failed.verdict)) this.#said = { candidate, failed };
    const retryAmbiguous = leavesSomething(this.exchange)
      ? 'never'
      : this.model.pool.retryAmbiguous;
    const route = { retryAmbiguous, status: failed.status };
    const step = decide(failed.verdict, this.#history, route, this.plane.random());
    if (step.kind === 'pass_through')
      return passThrough(this.exchange, this.plane, candidate, failed);
    if (step.kind === 'answer') return this.#answer(step.code, step.retryable);
    if (step.budgeted && !this.#takeRetry()) {
      const end = giveUp(failed.verdict.class, failed.status);
      return this.#answer(end.code, end.retryable);
    }
    countStep(this.#history, step);
    if (step.counts === 'ambiguous') {
      noteDoubleCharge(this.exchange, this.plane, 'everything was sent and nothing came back');
    }
    this.#bars ??= new Bars();
    this.#bars.add(candidate, step);
    this.#step = step;
    if (this.plane.clock.now() < this.deadlineAt) return null;
    return this.#answer('upstream_timeout', false);
  }

  /** Whether another target is to be asked what this one's model cannot take; its own words are kept for when none can. */
  #fallsBack(candidate: Candidate, failed: Failed): boolean {
    const { fault } = failed.verdict;
    const { pool, plan } = this.model;
    if (fault === undefined || !mayFallBack(pool, fault, this.#history.attempts)) return false;
    this.#bars ??= new Bars();
    this.#bars.bar(refusingLikewise(plan, candidate, fault));
    if (this.#bars.barsAll(plan)) return false;
    this.#said = { candidate, failed };
    this.#step = FALL_BACK;
    return this.plane.clock.now() < this.deadlineAt;
  }

  #noteSuspect({ pick, failed }: { readonly pick: Pick; readonly failed: Failed }): void {
    if (!isSuspect(failed.verdict)) return;
    this.#suspects ??= [];
    this.#suspects.push({ reservation: pick.reservation, verdict: failed.verdict });
  }

  /** Two attempts that failed together are followed by one. */
  #takeRetry(): boolean {
    this.#retry ??= takeRetryFor(this.exchange, this.plane, this.model.plan);
    return this.#retry !== null;
  }

  /** `line`: what the waiting room has said. */
  #nothingLeft(line: { readonly startAt: number | null } | null = null): PhaseResult {
    this.#turns.tell();
    const said = this.#said;
    const verdict = this.#lastVerdict;
    if (said !== null && verdict !== null && isTheCallers(this.exchange, verdict)) {
      return passThrough(this.exchange, this.plane, said.candidate, said.failed);
    }
    const view = this.#picker.view();
    const startAt = line?.startAt ?? null;
    const refusal = exhaustedRefusal(this.exchange, this.plane, view, {
      verdict: this.#lastVerdict,
      status: this.#lastStatus,
      startsInMs: startAt === null ? null : startAt - this.plane.clock.now(),
      stoodInLine: line !== null,
      isFull: this.#picker.isFull,
    });
    return refusal.code === 'no_capable_model' ? incapableRefusal(this.exchange, view) : refusal;
  }

  #answer(code: Parameters<typeof refuse>[0], retryable: boolean): PhaseResult {
    if (code === 'pool_exhausted' || code === 'pool_unavailable') return this.#nothingLeft();
    return refuse(code, null, { headers: retryable ? [] : ['x-should-retry', 'false'] });
  }
}
