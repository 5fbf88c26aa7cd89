/** The faults in force: which of them act on a call, how often still, and until when. */
import { dateOf, usageLimitEnds } from '../faces/usage-date.ts';
import type { Random } from '../random.ts';
import { FAULTS } from './faults.ts';
import type { FaultName, FaultRow } from './faults.ts';
import type { FaultInput } from './fault-input.ts';

/** What a fault may depend on. */
export interface FaultSubject {
  readonly key: string | null;
  readonly organization: string | null;
  readonly project: string | null;
  readonly model: string | null;
  readonly stream: boolean;
}

/** A fault in force, as people see it. */
export interface FaultStatus extends FaultInput {
  readonly id: string;
  /** Calls it has acted on. */
  readonly acted: number;
  /** Calls it will still act on; null without a count. */
  readonly left: number | null;
  /** Until it begins, milliseconds; 0 when it is in force. */
  readonly beginsInMs: number;
  /** Until it ends by itself; null without a duration. */
  readonly endsInMs: number | null;
}

/** What the faults make of one call: at most one that takes the answer's place, and any number that shape its delivery. */
export interface FaultPlan {
  readonly acting: FaultInput | null;
  readonly shapes: readonly FaultInput[];
}

interface Rule {
  readonly id: string;
  readonly input: FaultInput;
  readonly row: FaultRow;
  readonly beginsAt: number;
  readonly endsAt: number;
  toSkip: number;
  left: number;
  acted: number;
}

const NO_FAULTS: FaultPlan = Object.freeze({ acting: null, shapes: [] });
const MAX_RULES = 1000;

export class FaultBoard {
  readonly #random: Random;
  /** What turns `now` into epoch milliseconds, for faults that end at a date. */
  readonly #epochMs: number;
  /** The newest first: what was set last wins. */
  #rules: Rule[] = [];
  #named = 0;

  constructor(random: Random, epochMs = 0) {
    this.#random = random;
    this.#epochMs = epochMs;
  }

  /** Sets a fault and returns its id; one with the id of an older fault takes its place. Throws beyond 1,000 faults. */
  set(given: FaultInput, now: number): string {
    const input = this.#dated(given, now);
    const id = input.id ?? this.#freeId();
    this.clear({ id });
    this.#dropOver(now);
    if (this.#rules.length >= MAX_RULES) throw new RangeError(`more than ${MAX_RULES} faults`);
    const beginsAt = now + (input.startAfterMs ?? 0);
    this.#rules.unshift({
      id,
      input,
      row: FAULTS[input.fault],
      beginsAt,
      endsAt: Math.min(beginsAt + (input.durationMs ?? Infinity), this.#dateOf(input)),
      toSkip: input.afterCalls ?? 0,
      left: input.count ?? Infinity,
      acted: 0,
    });
    return id;
  }

  /** Removes the faults that fit everything given; returns how many. */
  clear(filter: {
    readonly id?: string;
    readonly fault?: FaultName;
    readonly key?: string;
  }): number {
    const before = this.#rules.length;
    this.#rules = this.#rules.filter(
      (rule) =>
        (filter.id !== undefined && rule.id !== filter.id) ||
        (filter.fault !== undefined && rule.input.fault !== filter.fault) ||
        (filter.key !== undefined && rule.input.key !== filter.key),
    );
    return before - this.#rules.length;
  }

  list(now: number): FaultStatus[] {
    this.#dropOver(now);
    return this.#rules.map((rule) => ({
      ...rule.input,
      id: rule.id,
      acted: rule.acted,
      left: rule.left === Infinity ? null : rule.left,
      beginsInMs: Math.max(0, rule.beginsAt - now),
      endsInMs: rule.endsAt === Infinity ? null : Math.max(0, rule.endsAt - now),
    }));
  }

  /** What acts on this call in this phase. Counts and dice are used up by asking: ask once a call and phase. */
  plan(phase: 'connect' | 'credential' | 'answer', subject: FaultSubject, now: number): FaultPlan {
    if (this.#rules.length === 0) return NO_FAULTS;
    let acting: FaultInput | null = null;
    const shapes: FaultInput[] = [];
    for (const rule of this.#rules) {
      const shape = phase === 'answer' && rule.row.phase === 'shape';
      if (!shape && (rule.row.phase !== phase || acting !== null)) continue;
      if (!fits(rule, subject, now) || !this.#fires(rule)) continue;
      if (shape) shapes.push(rule.input);
      else acting = rule.input;
    }
    return acting === null && shapes.length === 0 ? NO_FAULTS : { acting, shapes };
  }

  /** A usage limit always has its date: as far as nothing else is said, the first of the next month. */
  #dated(input: FaultInput, now: number): FaultInput {
    if (input.fault !== 'usage_limit') return input;
    return { ...input, until: dateOf(usageLimitEnds(input.until, now + this.#epochMs)) };
  }

  #dateOf({ until }: FaultInput): number {
    return until === undefined ? Infinity : Date.parse(until) - this.#epochMs;
  }

  #fires(rule: Rule): boolean {
    if (rule.toSkip > 0) {
      rule.toSkip--;
      return false;
    }
    const { probability } = rule.input;
    if (probability !== undefined && this.#random.fraction() >= probability) return false;
    rule.left--;
    rule.acted++;
    return true;
  }

  #dropOver(now: number): void {
    this.#rules = this.#rules.filter((rule) => rule.left > 0 && rule.endsAt > now);
  }

  #freeId(): string {
    let id: string;
    do id = `fault-${++this.#named}`;
    while (this.#rules.some((rule) => rule.id === id));
    return id;
  }
}

function fits(rule: Rule, subject: FaultSubject, now: number): boolean {
  const { input } = rule;
  if (rule.left <= 0 || now < rule.beginsAt || now >= rule.endsAt) return false;
  if (rule.row.streamOnly && !subject.stream) return false;
  return (
    (input.key === undefined || input.key === subject.key) &&
    (input.organization === undefined || input.organization === subject.organization) &&
    (input.project === undefined || input.project === subject.project) &&
    (input.model === undefined || input.model === subject.model)
  );
}
