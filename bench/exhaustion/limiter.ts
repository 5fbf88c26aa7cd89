// A provider's own limiters, as its documentation describes them. State is mutable, time is passed in; nothing here comes from the
// engine.

export type LimitCounts = 'requests' | 'tokens' | 'input_tokens' | 'output_tokens';

export interface LimitRule {
  readonly counts: LimitCounts;
  readonly limit: number;
  readonly windowMs: number;
  /** `continuous` refills evenly; `fixed` starts anew at its boundary; `sliding` counts the last `windowMs`. */
  readonly kind: 'continuous' | 'fixed' | 'sliding';
  /** A boundary of fixed windows. */
  readonly anchorAt: number;
  /** What was used before the bench began, as a share of the limit; of sliding windows none. */
  readonly usedAtStart: number;
}

/** One limiter's state. */
export interface Gauge {
  readonly rule: LimitRule;
  /** Left at `at`. As-produced charges may take it below zero. */
  level: number;
  at: number;
  /** Fixed: when the present window ends. */
  endsAt: number;
  /** Sliding: what was charged when, oldest first, from `oldest` on. */
  readonly times: number[];
  readonly amounts: number[];
  oldest: number;
}

export function createGauge(rule: LimitRule): Gauge {
  return {
    rule,
    level: rule.limit * (1 - rule.usedAtStart),
    at: 0,
    endsAt: boundaryAfter(rule, 0),
    times: [],
    amounts: [],
    oldest: 0,
  };
}

const EPSILON = 1e-6;

function boundaryAfter(rule: LimitRule, now: number): number {
  const { anchorAt, windowMs } = rule;
  return anchorAt + (Math.floor((now - anchorAt) / windowMs) + 1) * windowMs;
}

/** What is left now; negative when more was produced than there was. */
export function levelAt(gauge: Gauge, now: number): number {
  advance(gauge, now);
  return gauge.level;
}

function advance(gauge: Gauge, now: number): void {
  const { rule } = gauge;
  if (rule.kind === 'sliding') {
    expire(gauge, now);
  } else if (now <= gauge.at) {
    return;
  } else if (rule.kind === 'continuous') {
    const refill = ((now - gauge.at) * rule.limit) / rule.windowMs;
    gauge.level = Math.min(rule.limit, gauge.level + refill);
  } else if (now >= gauge.endsAt) {
    gauge.level = rule.limit;
    gauge.endsAt = boundaryAfter(rule, now);
  }
  gauge.at = now;
}

function expire(gauge: Gauge, now: number): void {
  const { times, amounts, rule } = gauge;
  while ((times[gauge.oldest] ?? Infinity) <= now - rule.windowMs) {
    gauge.level += amounts[gauge.oldest] ?? 0;
    gauge.oldest += 1;
  }
  if (gauge.oldest > 4096 && gauge.oldest * 2 > times.length) {
    times.splice(0, gauge.oldest);
    amounts.splice(0, gauge.oldest);
    gauge.oldest = 0;
  }
}

/** Takes an amount, whether or not it is there: the caller has asked `fits`. */
export function take(gauge: Gauge, amount: number, now: number): void {
  advance(gauge, now);
  gauge.level -= amount;
  if (gauge.rule.kind !== 'sliding' || amount === 0) return;
  gauge.times.push(now);
  gauge.amounts.push(amount);
}

/** Gives back what was charged at `chargedAt` and not used; a window that has ended since has given it back already. */
export function giveBack(gauge: Gauge, amount: number, chargedAt: number, now: number): void {
  advance(gauge, now);
  const { rule } = gauge;
  if (rule.kind === 'fixed' && chargedAt < gauge.endsAt - rule.windowMs) return;
  gauge.level = Math.min(rule.limit, gauge.level + amount);
}

export const fits = (gauge: Gauge, amount: number, now: number): boolean =>
  levelAt(gauge, now) + EPSILON >= amount;

/** The earliest instant at which the amount fits if nothing else is taken; Infinity when it never does. */
export function fitsFrom(gauge: Gauge, amount: number, now: number): number {
  const { rule } = gauge;
  if (amount > rule.limit) return Infinity;
  const missing = amount - levelAt(gauge, now);
  if (missing <= EPSILON) return now;
  if (rule.kind === 'continuous') return now + (missing * rule.windowMs) / rule.limit;
  if (rule.kind === 'fixed') return gauge.endsAt;
  let freed = 0;
  for (let at = gauge.oldest; at < gauge.times.length; at += 1) {
    freed += gauge.amounts[at] ?? 0;
    if (freed + EPSILON >= missing) return (gauge.times[at] ?? now) + rule.windowMs;
  }
  return Infinity;
}

/** When all is back if nothing else is taken: what providers call their reset. */
export function fullFrom(gauge: Gauge, now: number): number {
  return fitsFrom(gauge, gauge.rule.limit, now);
}

/** The most that can be taken between 0 and `until`, whatever the order: for the fluid bound. */
export function mostTaken(rule: LimitRule, until: number): number {
  const start = rule.limit * (1 - rule.usedAtStart);
  if (rule.kind === 'continuous') return start + (until * rule.limit) / rule.windowMs;
  if (rule.kind === 'sliding') return (Math.floor(until / rule.windowMs) + 1) * rule.limit;
  const first = boundaryAfter(rule, 0);
  if (first > until) return start;
  return start + (Math.floor((until - first) / rule.windowMs) + 1) * rule.limit;
}
