import type { LimitFacts } from '@keywell/core/forecast/limit-sample';
import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Candidate, KeyPlan } from '@keywell/core/keys/plan';
import type { Dimension, Verdict } from '@keywell/core/keys/verdict';
import {
  msUntilReset,
  msUntilRoom,
  roomOf,
  takeFrom,
  type Meter,
} from '@keywell/simulator/limiter/meter';
import { meterFor } from './meter-for.ts';
import { costOf, type PriceOf, type TokenCounts } from './price.ts';

/** Where the limits of a virtual provider come from. */
export interface LimitSources {
  /** Quota domains × limit groups with limits of the configuration, of the log's own run, and without any. */
  readonly declared: number;
  readonly known: number;
  /** The first 20 of them by name. */
  readonly unlimited: readonly string[];
  readonly unlimitedInAll: number;
}

interface Limit {
  readonly path: string;
  readonly dimension: Dimension;
  readonly meter: Meter | Places;
  readonly refill: LimitFacts['refill'];
  /** By the configuration. */
  readonly declared: boolean;
  /** Whether the provider tells it with every answer, as it did in the run of the log. */
  readonly told: boolean;
}

/** Calls at the same time. */
interface Places {
  readonly kind: 'places';
  readonly limit: number;
  used: number;
}

/** Names of unlimited places that are told. */
const MAX_NAMED = 20;

/** The limiters of the virtual providers: one for each domain, limit group and dimension, as the vendor charges. */
export class VirtualLimits {
  readonly sources: LimitSources;
  readonly #byCandidate: ReadonlyMap<number, readonly Limit[]>;
  readonly #priceOf: PriceOf;

  /**
   * `known` is what the log's run was told; what the configuration declares goes before it. `startsAt` is when the replay begins.
   */
  constructor(
    plan: KeyPlan,
    parts: {
      readonly known: readonly LimitFacts[];
      readonly declared: readonly LimitFacts[];
      readonly priceOf: PriceOf;
      readonly startsAt: number;
    },
  ) {
    this.#priceOf = parts.priceOf;
    const limits = new Map<string, Map<string, Limit>>();
    for (const sample of [...parts.known, ...parts.declared]) {
      const place = `${sample.path}\n${sample.group}`;
      const there = limits.get(place) ?? new Map<string, Limit>();
      if (sample.limit === null) continue;
      there.set(sample.dimension, limitFrom(sample, sample.limit, parts.startsAt));
      limits.set(place, there);
    }
    this.#byCandidate = new Map(
      plan.candidates.map((candidate) => [
        candidate.index,
        candidate.domainPath.flatMap((path) => [
          ...(limits.get(`${path}\n${candidate.group}`)?.values() ?? []),
        ]),
      ]),
    );
    this.sources = sourcesOf(plan, this.#byCandidate);
  }

  /** Admits a call and takes what is charged at once; the refusal, as the provider would word it, where it does not fit. */
  admit(candidate: Candidate, tokens: TokenCounts, at: number): Verdict | null {
    const limits = this.#limitsOf(candidate);
    let refusal: Verdict | null = null;
    for (const limit of limits) {
      const amounts = this.#amounts(candidate, limit.dimension, tokens);
      const verdict = refusalOf(limit, amounts, levelOf(candidate, limit), at);
      if (verdict !== null && waitOf(verdict) > waitOf(refusal)) refusal = verdict;
    }
    if (refusal !== null) return refusal;
    for (const { meter, dimension } of limits) {
      if (meter.kind === 'places') meter.used += 1;
      else takeFrom(meter, this.#amounts(candidate, dimension, tokens).upfront, at);
    }
    return null;
  }

  /** Ends an admitted call: charges what is charged late and frees its place. */
  end(candidate: Candidate, tokens: TokenCounts, at: number): void {
    for (const { meter, dimension } of this.#limitsOf(candidate)) {
      if (meter.kind === 'places') meter.used -= 1;
      else takeFrom(meter, this.#amounts(candidate, dimension, tokens).late, at);
    }
  }

  /** What the provider's response headers would tell. */
  tell(candidate: Candidate, at: number): readonly LimitObservation[] {
    const told: LimitObservation[] = [];
    for (const limit of this.#limitsOf(candidate)) {
      const { meter, dimension } = limit;
      if (meter.kind === 'places' || !limit.told) continue;
      const continuous = limit.refill === 'continuous';
      const level = levelOf(candidate, limit);
      told.push({
        dimension,
        limit: meter.limit,
        remaining: Math.max(0, Math.floor(roomOf(meter, at))),
        resetInMs: msUntilReset(meter, at),
        reset: continuous ? 'full_again' : 'window_end',
        refill: continuous ? 'continuous' : 'window',
        source: 'header',
        ...(level === null ? {} : { level }),
      });
    }
    return told;
  }

  #amounts(candidate: Candidate, dimension: Dimension, tokens: TokenCounts): Amounts {
    if (!dimension.startsWith('spend')) return amountsOf(candidate, dimension, tokens);
    const price = this.#priceOf(candidate.provider.id, candidate.model);
    return { upfront: 0, late: costOf(price, tokens) ?? 0 };
  }

  #limitsOf(candidate: Candidate): readonly Limit[] {
    return this.#byCandidate.get(candidate.index) ?? [];
  }
}

/** A quota domain and limit group, as people read it: `openai/org-1#gpt-5`. */
export const placeOf = ({ domain, group }: Candidate): string => `${domain}#${group}`;

function limitFrom(sample: LimitFacts, limit: number, at: number): Limit {
  const { path, dimension, refill, source } = sample;
  const meter: Limit['meter'] =
    dimension === 'concurrency'
      ? { kind: 'places', limit, used: 0 }
      : meterFor(limit, { dimension, refill }, at);
  return {
    path,
    dimension,
    refill,
    meter,
    declared: source === 'config',
    told: source === 'header',
  };
}

function sourcesOf(plan: KeyPlan, limits: ReadonlyMap<number, readonly Limit[]>): LimitSources {
  const places = { declared: new Set<string>(), known: new Set<string>(), none: new Set<string>() };
  for (const candidate of plan.candidates) {
    const own = limits.get(candidate.index) ?? [];
    if (own.length === 0) places.none.add(placeOf(candidate));
    else if (own.some(({ declared }) => declared)) places.declared.add(placeOf(candidate));
    else places.known.add(placeOf(candidate));
  }
  return {
    declared: places.declared.size,
    known: places.known.size,
    unlimited: [...places.none].slice(0, MAX_NAMED),
    unlimitedInAll: places.none.size,
  };
}

/** The node a limit lies at, as a refusal names it; null for the key's own. */
function levelOf({ domainPath }: Candidate, { path }: Limit): 'organization' | null {
  return domainPath.length > 1 && domainPath[0] === path ? 'organization' : null;
}

interface Amounts {
  readonly upfront: number;
  readonly late: number;
}

/** What a call takes of a dimension when it is admitted, and when it ends, by the provider's charging rule. */
function amountsOf({ provider }: Candidate, dimension: Dimension, tokens: TokenCounts): Amounts {
  if (dimension.startsWith('requests')) return { upfront: 1, late: 0 };
  const { output: rule, cachedInput, outputFactor } = provider.charge;
  const counted = tokens.input - (cachedInput === 'counted' ? 0 : tokens.cached);
  const input = dimension.startsWith('output') ? 0 : counted;
  const output =
    dimension.startsWith('input') || rule === 'never' ? 0 : tokens.output * outputFactor;
  return rule === 'upfront'
    ? { upfront: input + output, late: 0 }
    : { upfront: input, late: output };
}

// oxlint-disable-next-line max-params -- a limit, what is asked of it, where it lies, when
function refusalOf(
  { meter, dimension }: Limit,
  { upfront, late }: Amounts,
  level: 'organization' | null,
  at: number,
): Verdict | null {
  const place = level === null ? {} : { level };
  const base = { dimension, authoritative: true, evidence: `replay.${dimension}`, ...place };
  if (meter.kind === 'places') {
    if (meter.used < meter.limit) return null;
    return { ...base, class: 'concurrency', scope: 'node', endsInMs: 1000, authoritative: false };
  }
  // What is charged late is admitted while anything is left.
  const need = late > 0 ? Math.max(1, upfront) : upfront;
  const waitMs = msUntilRoom(meter, need, at);
  if (waitMs <= 0) return null;
  if (waitMs === Infinity) {
    const { limit } = meter;
    return { ...base, class: 'too_large_for_limit', scope: 'none', limit, refusedNeed: need };
  }
  const kind = /_(day|month)$/.test(dimension) ? 'window_exhausted_long' : 'window_exhausted_short';
  return { ...base, class: kind, scope: 'node_group', endsInMs: waitMs, refusedNeed: need };
}

function waitOf(verdict: Verdict | null): number {
  if (verdict === null) return -1;
  return verdict.class === 'too_large_for_limit' ? Infinity : (verdict.endsInMs ?? 0);
}
