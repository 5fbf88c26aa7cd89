// Which refusals were a waste: those that followed from responses already delivered to the node when the attempt was sent. Worked out
// from the true rules and from what was delivered, never from what a strategy believed.
//
// Bounds are the best case for the attempt. Refill counts from when the response's request was sent until the latest that this attempt
// can have arrived; attempts that were sent before that response's request count nothing; of tokens that only an estimate could tell,
// nine tenths count.
import type { Refusal } from './faces.ts';
import type { Gauge, LimitCounts, LimitRule } from './limiter.ts';
import { chargeOf, type RequestSpec } from './scenario.ts';

/** Tokens of an attempt whose usage nobody was told yet are an estimate. */
const ESTIMATE = 0.9;
/** Anthropic rounds tokens to the nearest thousand. */
const ROUNDING = 500;

interface Observation {
  readonly sentAt: number;
  readonly order: number;
  /** In the order of the key's gauges. */
  readonly remaining: readonly number[];
  readonly windowEnds: readonly number[];
}

interface TypedRefusal {
  readonly counts: LimitCounts;
  readonly need: number;
  /** The provider said that a request like it would not fit before. */
  readonly until: number;
}

/** What the node knows of a key. Replaced, never changed: an attempt keeps what was known when it was sent. */
interface Known {
  readonly observation: Observation | null;
  readonly refusals: readonly TypedRefusal[];
  readonly denied: boolean;
}

/** An attempt on its key's record. */
export interface Trace {
  readonly request: RequestSpec;
  readonly sentAt: number;
  readonly known: Known;
  readonly place: number;
  observation: Observation | null;
  admitted: boolean;
  deliveredAt: number;
}

const NOTHING: Known = Object.freeze({ observation: null, refusals: [], denied: false });

export interface JudgeRules {
  readonly truthful: boolean;
  readonly mostUpMs: number;
  readonly tellsLimits: boolean;
  readonly rounds: boolean;
}

export class KeyRecord {
  readonly #gauges: readonly Gauge[];
  readonly #rules: JudgeRules;
  readonly #traces: Trace[] = [];
  readonly #returned: { readonly tokens: number; readonly at: number }[] = [];
  #known: Known = NOTHING;
  #arrivals = 0;

  constructor(gauges: readonly Gauge[], rules: JudgeRules) {
    this.#gauges = gauges;
    this.#rules = rules;
  }

  sent(request: RequestSpec, now: number): Trace {
    const trace: Trace = {
      request,
      sentAt: now,
      known: this.#known,
      place: this.#traces.length,
      observation: null,
      admitted: false,
      deliveredAt: Infinity,
    };
    this.#traces.push(trace);
    return trace;
  }

  /** The provider has charged the attempt, or has refused it by a limit: its response will tell these levels. */
  reached(trace: Trace, admitted: boolean): void {
    trace.admitted = admitted;
    if (!this.#rules.truthful || !this.#rules.tellsLimits) return;
    this.#arrivals += 1;
    trace.observation = {
      sentAt: trace.sentAt,
      order: this.#arrivals,
      remaining: this.#gauges.map((gauge) => gauge.level),
      windowEnds: this.#gauges.map((gauge) => gauge.endsAt),
    };
  }

  /** The head of the response is here. */
  delivered(trace: Trace, now: number, refusal: Refusal | null, told: boolean): void {
    trace.deliveredAt = Math.min(trace.deliveredAt, now);
    const { observation, refusals } = this.#known;
    const seen = trace.observation;
    const newer = seen !== null && seen.order > (observation?.order ?? 0);
    if (refusal === null && !newer) return;
    this.#known = {
      observation: newer ? seen : observation,
      refusals:
        refusal !== null && told && refusal.waitMs < Infinity
          ? [
              ...refusals.filter((each) => each.until > now).slice(-7),
              {
                counts: refusal.rule.counts,
                need: refusal.requested,
                until: now + refusal.waitMs,
              },
            ]
          : refusals,
      denied: this.#known.denied,
    };
  }

  /** Tokens came back to the limiter because an answer was shorter than what had been asked for. */
  gaveBack(tokens: number, now: number): void {
    if (tokens > 0) this.#returned.push({ tokens, at: now });
  }

  /** The provider said that the key or its account is of no use. */
  denied(trace: Trace, now: number): void {
    trace.deliveredAt = now;
    this.#known = { ...this.#known, denied: true };
  }

  restored(): void {
    this.#known = { ...this.#known, denied: false };
  }

  /** Whether the refusal of this attempt followed from what had been delivered when it was sent. */
  implied(trace: Trace, refusal: Refusal): boolean {
    const latest = trace.sentAt + this.#rules.mostUpMs;
    for (const each of trace.known.refusals) {
      const same = each.counts === refusal.rule.counts;
      if (same && each.until > latest && refusal.requested >= each.need) return true;
    }
    const { observation } = trace.known;
    if (observation === null) return false;
    const place = this.#gauges.findIndex((gauge) => gauge.rule === refusal.rule);
    const most = this.#mostLeft(trace, observation, place, latest);
    return most < refusal.requested - 1e-3;
  }

  #mostLeft(trace: Trace, observation: Observation, place: number, latest: number): number {
    const rule = this.#gauges[place]?.rule;
    if (rule === undefined) return Infinity;
    let since = observation.sentAt;
    let left = observation.remaining[place] ?? Infinity;
    if (this.#rules.rounds && rule.counts !== 'requests') left += ROUNDING;
    if (rule.kind === 'continuous') {
      left += ((latest - observation.sentAt) * rule.limit) / rule.windowMs;
    } else if (latest >= (observation.windowEnds[place] ?? Infinity)) {
      left = rule.limit;
      const periods = Math.floor((latest - (observation.windowEnds[place] ?? 0)) / rule.windowMs);
      since = (observation.windowEnds[place] ?? 0) + periods * rule.windowMs;
    }
    if (rule.counts === 'tokens') left += this.#returnedSince(since);
    return Math.min(rule.limit, left) - this.#takenSince(trace, rule, since);
  }

  #returnedSince(since: number): number {
    let tokens = 0;
    for (let at = this.#returned.length - 1; at >= 0; at -= 1) {
      const each = this.#returned[at];
      if (each === undefined || each.at < since) break;
      tokens += each.tokens;
    }
    return tokens;
  }

  /** What attempts of this node that were sent later than the observed one have taken, unless they are known to be refused. */
  #takenSince(trace: Trace, rule: LimitRule, since: number): number {
    let taken = 0;
    for (let at = trace.place - 1; at >= 0; at -= 1) {
      const earlier = this.#traces[at];
      if (earlier === undefined || earlier.sentAt <= since) break;
      const told = earlier.deliveredAt <= trace.sentAt;
      if (told && !earlier.admitted) continue;
      const charge = chargeOf(rule.counts, earlier.request.size);
      taken += told || rule.counts === 'requests' ? charge : charge * ESTIMATE;
    }
    return taken;
  }
}
