import type { RunningAttempt } from '../pipeline/exchange.ts';
import type { AttemptResult } from '../relay/attempt-result.ts';
import type { Attempt } from '../relay/attempt.ts';

type Failed = Extract<AttemptResult, { kind: 'failed' }>;

/** An attempt, as far as a race needs it. */
export type Racer = Pick<Attempt, 'run' | 'drop' | 'callerLeft' | 'callerReads'>;

/** One of the two that race, with what its maker calls it. */
export interface Contender<Pick> {
  readonly pick: Pick;
  readonly attempt: Racer;
  /** Whether it has ended, however. */
  over: boolean;
}

/** How a race ended: who answered or failed last, and who had failed before. */
export interface RaceEnd<Pick> {
  readonly pick: Pick;
  readonly result: AttemptResult;
  readonly earlier: { readonly pick: Pick; readonly failed: Failed } | null;
  readonly hedged: boolean;
}

/** What a race needs of the dispatcher. */
export interface RaceHost<Pick> {
  /** How long to wait for the first one's content; null: no second attempt. */
  readonly delayMs: number | null;
  /** Makes an attempt; `onContent` is to be called when its first content comes, before any of it reaches the caller. */
  start(pick: Pick, onContent: () => void): Racer;
  /** Another candidate for a second attempt, reserved; null where there is none or it may not be. */
  second(): Pick | null;
  /** This one answers: whatever the answer's head says is to be about it. */
  won(pick: Pick): void;
}

/**
 * A first attempt and, when its first token is late, a second one at another domain. The first to produce content answers; the other one
 * is dropped before anything of it has reached the caller. One that fails leaves the race to the other; a fault of the caller's ends it.
 */
export class HedgedAttempt<Pick> implements RunningAttempt {
  readonly #host: RaceHost<Pick>;
  readonly #contenders: Contender<Pick>[] = [];
  #running = 0;
  #winner: Racer | null = null;
  #earlier: RaceEnd<Pick>['earlier'] = null;
  #timer: NodeJS.Timeout | null = null;
  #resolve: (end: RaceEnd<Pick>) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(host: RaceHost<Pick>) {
    this.#host = host;
  }

  run(first: Pick): Promise<RaceEnd<Pick>> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#enter(first);
      const { delayMs } = this.#host;
      if (delayMs === null || this.#running === 0) return;
      this.#timer = setTimeout(() => this.#startSecond(), delayMs);
    });
  }

  callerLeft(): void {
    // One that still runs says that the caller left, for one that is over says nothing any more; the other is only dropped.
    const running = this.#contenders.find(({ over }) => !over);
    const speaker = this.#winner ?? running?.attempt;
    this.#dropAllBut(speaker ?? null);
    speaker?.callerLeft();
  }

  callerReads(): void {
    this.#winner?.callerReads();
  }

  #startSecond(): void {
    this.#timer = null;
    try {
      const second = this.#host.second();
      if (second !== null) this.#enter(second);
    } catch (error) {
      // Thrown on, in a timer, it would end the thread and every call in it.
      this.#onDefect(null, error);
    }
  }

  #enter(pick: Pick): void {
    const attempt = this.#host.start(pick, () => this.#onContent(pick, attempt));
    const contender = { pick, attempt, over: false };
    this.#contenders.push(contender);
    this.#running += 1;
    void attempt.run().then(
      (result) => this.#onResult(contender, result),
      (error: unknown) => this.#onDefect(attempt, error),
    );
  }

  /** Ends the race, as it would have ended the only attempt. */
  #onDefect(attempt: Racer | null, error: unknown): void {
    this.#stopTimer();
    this.#dropAllBut(attempt);
    this.#reject(error);
  }

  #onContent(pick: Pick, attempt: Racer): void {
    this.#stopTimer();
    this.#winner = attempt;
    this.#dropAllBut(attempt);
    this.#host.won(pick);
  }

  #dropAllBut(kept: Racer | null): void {
    for (const { attempt } of this.#contenders) if (attempt !== kept) attempt.drop();
  }

  #onResult(contender: Contender<Pick>, result: AttemptResult): void {
    const { pick } = contender;
    contender.over = true;
    this.#running -= 1;
    if (result.kind === 'dropped') return;
    const failed = result.kind === 'failed';
    const mayStillWin = failed && this.#running > 0 && result.verdict.class !== 'caller_fault';
    if (mayStillWin) {
      this.#earlier = { pick, failed: result };
      return;
    }
    this.#stopTimer();
    this.#dropAllBut(contender.attempt);
    const hedged = this.#contenders.length > 1;
    this.#resolve({ pick, result, earlier: this.#earlier, hedged });
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
