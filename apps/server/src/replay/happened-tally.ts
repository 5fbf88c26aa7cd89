import type { RequestRecord } from '@keywell/core/log/request-record';
import type { VerdictClass } from '@keywell/core/keys/verdict';
import { EventHeap } from '@keywell/core/time/event-heap';
import { ImpliedRefusals } from './implied-refusals.ts';
import { costOf, type PriceOf } from './price.ts';
import type { Happened } from './replay-request.ts';
import { Slots } from './slots.ts';
import { Tally } from './tally.ts';

const EVENT = { sent: 0, refused: 1 } as const;

/** Refusals by limits and money: what a wait or another domain cures. */
const BY_LIMITS: ReadonlySet<VerdictClass> = new Set([
  'funds_exhausted',
  'window_exhausted_long',
  'window_exhausted_short',
  'too_large_for_limit',
  'concurrency',
  'slow_down',
]);

interface LoggedAttempt {
  readonly place: string;
  implied: boolean;
}

interface LoggedRefusal {
  readonly attempt: LoggedAttempt;
  readonly endsInMs: number | null;
}

/** Adds up what the log says happened, with the same measures as the replay. */
export class HappenedTally {
  readonly tally = new Tally();
  readonly #priceOf: PriceOf;
  readonly #events = new EventHeap();
  readonly #sent = new Slots<LoggedAttempt>();
  readonly #refused = new Slots<LoggedRefusal>();
  readonly #implied = new ImpliedRefusals();

  /** Prices are those of the configuration that is replayed against: the two sides differ by what was done, not by the price list. */
  constructor(priceOf: PriceOf) {
    this.#priceOf = priceOf;
  }

  /** Notes one record; they come oldest first. */
  note(record: RequestRecord, happened: Happened): void {
    const { tally } = this;
    this.runUntil(record.startedAt);
    tally.requests += 1;
    tally.attempts += record.attempts;
    tally.noteWait(record.waitMs);
    if (happened === 'answered') this.#noteAnswer(record);
    else if (happened === 'dry') tally.dry += 1;
    else if (happened === 'consumer_limit') tally.consumerLimit += 1;
    else if (happened === 'too_large') tally.tooLarge += 1;
    else if (happened === 'not_configured') tally.notConfigured += 1;
    else tally.failed += 1;
    if (record.timeline.length > 0) this.#noteTimeline(record);
    else if (record.attempts > 0) {
      // Without a timeline nobody knows how its attempts ended.
      tally.refusedAttempts = null;
      tally.wastedAttempts = null;
    }
  }

  /** Everything the timelines say up to this instant. */
  runUntil(at: number): void {
    while (this.#events.nextAt <= at && this.#events.pop()) {
      const { time, kind, subject } = this.#events;
      if (kind === EVENT.sent) {
        const attempt = this.#sent.take(subject);
        if (attempt !== undefined) attempt.implied = this.#implied.implied(attempt.place, time);
      } else this.#noteRefusal(this.#refused.take(subject), time);
    }
  }

  #noteAnswer({ provider, upstreamModel, usage }: RequestRecord): void {
    const price = this.#priceOf(provider ?? '', upstreamModel ?? '');
    const tokens =
      usage === null
        ? null
        : { input: usage.inputTokens, cached: usage.cachedTokens, output: usage.outputTokens };
    this.tally.noteAnswer(provider ?? '', tokens === null ? null : costOf(price, tokens));
  }

  #noteTimeline({ startedAt, timeline }: RequestRecord): void {
    const attempts = new Map<number, LoggedAttempt>();
    for (const event of timeline) {
      if (event.kind === 'attempt') {
        const attempt = { place: `${event.domain}#${event.model}`, implied: false };
        attempts.set(event.attempt, attempt);
        this.#events.push(startedAt + event.at, EVENT.sent, this.#sent.add(attempt));
      } else if (event.kind === 'verdict' && BY_LIMITS.has(event.class)) {
        const attempt = attempts.get(event.attempt);
        if (attempt === undefined) continue;
        const slot = this.#refused.add({ attempt, endsInMs: event.endsInMs });
        this.#events.push(startedAt + event.at, EVENT.refused, slot);
      }
    }
  }

  #noteRefusal(refusal: LoggedRefusal | undefined, at: number): void {
    if (refusal === undefined) return;
    const { attempt, endsInMs } = refusal;
    this.tally.noteRefusedAttempt(attempt.implied);
    if (endsInMs !== null) this.#implied.noteRefusal(attempt.place, at, endsInMs);
  }
}
