// One run in virtual time: a heap of events, the providers' limiters, and a strategy between them. No clock, no sockets, no chance but
// the seed's.
import { seededRandom } from '../../packages/testkit/src/seeded-random.ts';
import { EventHeap } from '@keywell/core/time/event-heap';
import { KeyRecord, type Trace } from './implied.ts';
import { ProviderKey, type Answer } from './provider.ts';
import { worldOf, type RequestSpec, type Scenario } from './scenario.ts';
import type { Actions, AttemptView, RequestView, Strategy, StrategyFactory } from './strategy.ts';

const EVENT = { arrive: 0, reach: 1, head: 2, end: 3, wake: 4, outside: 5, produce: 6 } as const;
/** Until a refusal is written, and how often output that counts as produced is charged. */
const REFUSAL_MS = 15;
const PRODUCE_EVERY_MS = 1000;
/** Attempts of one request beyond which a strategy is broken. */
const MOST_ATTEMPTS = 64;

/** What one strategy made of one scenario. Lists are by request. */
export interface RunResult {
  readonly scenario: Scenario;
  /** When the attempt that answered it was sent; NaN where none did in time. */
  readonly servedAt: Float64Array;
  /** Which key answered it; -1 where none did. */
  readonly servedBy: Int32Array;
  readonly attempts: number;
  /** Refusals by limits, by dead keys and by empty accounts. */
  readonly refusals: number;
  readonly wasted: number;
  readonly failures: number;
  /** Answered, but later than its deadline. */
  readonly late: number;
  /** Wasted attempts by what refused them. */
  readonly wastedBy: Readonly<Record<string, number>>;
}

interface Attempt extends AttemptView {
  readonly spec: RequestSpec;
  readonly ordinal: number;
  readonly trace: Trace;
  answer: Answer | null;
  reachedAt: number;
  streamed: number;
}

/** What the oracle is shown besides. */
export interface Truth {
  readonly providers: readonly ProviderKey[];
  readonly requests: readonly RequestSpec[];
}

export type TrueStrategyFactory = (truth: Truth, ...of: Parameters<StrategyFactory>) => Strategy;

export function run(scenario: Scenario, factory: StrategyFactory): RunResult {
  return new Run(scenario, false).play((world, actions, random) => factory(world, actions, random));
}

/** Shows the strategy everything and takes its attempts to the provider at once. */
export function runKnowing(scenario: Scenario, factory: TrueStrategyFactory): RunResult {
  const knowing = new Run(scenario, true);
  return knowing.play((...of) => factory(knowing, ...of));
}

class Run implements Truth {
  readonly providers: readonly ProviderKey[];
  readonly requests: readonly RequestSpec[];
  readonly #scenario: Scenario;
  readonly #instant: boolean;
  readonly #events = new EventHeap();
  readonly #records: readonly KeyRecord[];
  readonly #attempts: Attempt[] = [];
  readonly #tries: Uint8Array;
  readonly #open: Uint8Array;
  readonly #servedAt: Float64Array;
  readonly #servedBy: Int32Array;
  readonly #wastedBy: Record<string, number> = {};
  #wakeAt = Infinity;
  #now = 0;
  #refusals = 0;
  #wasted = 0;
  #failures = 0;
  #late = 0;

  constructor(scenario: Scenario, instant: boolean) {
    const { keys, requests, truthful, mostUpMs } = scenario;
    this.#scenario = scenario;
    this.#instant = instant;
    this.requests = requests;
    const lies = seededRandom(scenario.seed + 7);
    this.providers = keys.map((key) => new ProviderKey(key, lies));
    this.#records = this.providers.map(
      ({ gauges, spec }) =>
        new KeyRecord(gauges, {
          truthful,
          mostUpMs,
          tellsLimits: spec.face !== 'silent',
          rounds: spec.face === 'anthropic',
        }),
    );
    this.#tries = new Uint8Array(requests.length);
    this.#open = new Uint8Array(requests.length).fill(1);
    this.#servedAt = new Float64Array(requests.length).fill(Number.NaN);
    this.#servedBy = new Int32Array(requests.length).fill(-1);
  }

  play(factory: StrategyFactory): RunResult {
    const actions: Actions = {
      send: (request, key) => this.#send(request, key),
      refuse: (request) => this.#close(request),
      wakeAt: (at) => this.#askWake(at),
    };
    const strategy = factory(
      worldOf(this.#scenario),
      actions,
      seededRandom(this.#scenario.seed + 1),
    );
    for (const { view } of this.requests) this.#events.push(view.arrivedAt, EVENT.arrive, view.id);
    this.providers.forEach(({ spec }, key) => {
      const first = spec.outside[0];
      if (first !== undefined) this.#events.push(first.at, EVENT.outside, key);
    });
    this.#outsideNext = new Int32Array(this.providers.length);
    while (this.#events.pop()) {
      this.#now = this.#events.time;
      this.#handle(strategy, this.#events.kind, this.#events.subject);
    }
    return {
      scenario: this.#scenario,
      servedAt: this.#servedAt,
      servedBy: this.#servedBy,
      attempts: this.#attempts.length,
      refusals: this.#refusals,
      wasted: this.#wasted,
      failures: this.#failures,
      late: this.#late,
      wastedBy: this.#wastedBy,
    };
  }

  #outsideNext = new Int32Array(0);

  #handle(strategy: Strategy, kind: number, subject: number): void {
    const now = this.#now;
    if (kind === EVENT.arrive) {
      const request = this.requests[subject];
      if (request !== undefined) strategy.arrive(request.view, now);
    } else if (kind === EVENT.wake) {
      if (now !== this.#wakeAt) return;
      this.#wakeAt = Infinity;
      strategy.wake(now);
    } else if (kind === EVENT.outside) {
      this.#outside(subject);
    } else {
      const attempt = this.#attempts[subject];
      if (attempt === undefined) return;
      if (kind === EVENT.reach) this.#reach(attempt);
      else if (kind === EVENT.produce) this.#produce(attempt);
      else this.#deliver(strategy, attempt, kind === EVENT.head);
    }
  }

  #askWake(at: number): void {
    const when = Math.max(at, this.#now);
    if (when >= this.#wakeAt || when === Infinity) return;
    this.#wakeAt = when;
    this.#events.push(when, EVENT.wake, 0);
  }

  #send(request: RequestView, key: number): AttemptView {
    const spec = this.requests[request.id];
    const record = this.#records[key];
    const ordinal = this.#tries[request.id] ?? 0;
    if (spec === undefined || record === undefined || ordinal >= MOST_ATTEMPTS) {
      throw new Error(`attempt ${ordinal + 1} of request ${request.id} at key ${key}`);
    }
    if ((this.#open[request.id] ?? 0) !== 1) throw new Error(`request ${request.id} has ended`);
    this.#tries[request.id] = ordinal + 1;
    const now = this.#now;
    const attempt: Attempt = {
      id: this.#attempts.length,
      request,
      key,
      sentAt: now,
      spec,
      ordinal,
      trace: record.sent(spec, now),
      answer: null,
      reachedAt: now,
      streamed: 0,
    };
    this.#attempts.push(attempt);
    if (this.#instant) this.#reach(attempt);
    else this.#events.push(now + spec.upMs, EVENT.reach, attempt.id);
    return attempt;
  }

  #reach(attempt: Attempt): void {
    const { spec, key, trace } = attempt;
    const provider = this.providers[key];
    const record = this.#records[key];
    if (provider === undefined || record === undefined) return;
    const now = this.#now;
    const answer = provider.receive(spec, attempt.ordinal, now);
    attempt.answer = answer;
    attempt.reachedAt = now;
    const limited = answer.kind === 'limited';
    if (limited || answer.kind === 'admitted') record.reached(trace, !limited);
    else trace.admitted = answer.kind === 'failed' && answer.response.status !== 0;
    if (answer.refusal !== null) this.#count(attempt, answer);
    if (answer.kind === 'denied') {
      this.#refusals += 1;
      if (trace.known.denied) this.#waste('denied');
    }
    if (answer.kind === 'failed') this.#failures += 1;
    if (answer.kind !== 'admitted') {
      this.#events.push(now + REFUSAL_MS + spec.upMs, EVENT.end, attempt.id);
      return;
    }
    const headAt = now + spec.firstByteMs;
    if (spec.view.stream) this.#events.push(headAt, EVENT.head, attempt.id);
    this.#events.push(headAt + spec.bodyMs, EVENT.end, attempt.id);
    if (provider.gauges.some((gauge) => gauge.rule.counts === 'output_tokens')) {
      this.#events.push(headAt, EVENT.produce, attempt.id);
    }
  }

  #count(attempt: Attempt, { refusal }: Answer): void {
    this.#refusals += 1;
    const record = this.#records[attempt.key];
    if (refusal === null || record === undefined) return;
    if (record.implied(attempt.trace, refusal)) this.#waste(refusal.rule.counts);
  }

  #waste(by: string): void {
    this.#wasted += 1;
    this.#wastedBy[by] = (this.#wastedBy[by] ?? 0) + 1;
  }

  /** Charges the output of the last second, up to what the request produces in all. */
  #produce(attempt: Attempt): void {
    const { spec } = attempt;
    const chunks = Math.max(1, Math.ceil(spec.bodyMs / PRODUCE_EVERY_MS));
    const chunk = spec.outputTokens / chunks;
    this.providers[attempt.key]?.produce(chunk, this.#now);
    attempt.streamed += 1;
    if (attempt.streamed < chunks) {
      this.#events.push(this.#now + PRODUCE_EVERY_MS, EVENT.produce, attempt.id);
    }
  }

  #deliver(strategy: Strategy, attempt: Attempt, head: boolean): void {
    const { answer, request, key, trace } = attempt;
    const record = this.#records[key];
    const spec = this.providers[key]?.spec;
    if (answer === null || record === undefined || spec === undefined) return;
    const now = this.#now;
    if (answer.kind === 'denied') record.denied(trace, now);
    else if (answer.kind !== 'failed') {
      record.delivered(trace, now, answer.refusal, spec.face !== 'silent');
      if (answer.kind === 'admitted') record.restored();
    } else trace.deliveredAt = now;
    if (head) {
      this.#serve(attempt);
      strategy.firstByte(attempt, { ...answer.response, usage: null }, now);
      return;
    }
    if (answer.kind === 'admitted') {
      this.#serve(attempt);
      const back = this.providers[key]?.settle(attempt.spec, attempt.reachedAt, now) ?? 0;
      record.gaveBack(back, now);
    }
    strategy.respond(attempt, answer.response, now);
    if (answer.kind === 'admitted') this.#close(request);
  }

  #serve(attempt: Attempt): void {
    const { request } = attempt;
    const served = !Number.isNaN(this.#servedAt[request.id] ?? Number.NaN);
    if (served || this.#open[request.id] !== 1) return;
    if (attempt.sentAt > request.dispatchBy + 1e-6) {
      this.#late += 1;
      return;
    }
    this.#servedAt[request.id] = attempt.sentAt;
    this.#servedBy[request.id] = attempt.key;
  }

  #close(request: RequestView): void {
    this.#open[request.id] = 0;
  }

  #outside(key: number): void {
    const provider = this.providers[key];
    const at = this.#outsideNext[key] ?? 0;
    const call = provider?.spec.outside[at];
    if (provider === undefined || call === undefined) return;
    provider.outsideCall(call.size, this.#now);
    this.#outsideNext[key] = at + 1;
    const next = provider.spec.outside[at + 1];
    if (next !== undefined) this.#events.push(next.at, EVENT.outside, key);
  }
}
