/**
 * The limits of one model for one organization and one of its projects. The organization's are shared by all its projects, a project's
 * own come on top: a call is admitted by all of them or by none, and a refused call takes nothing.
 */
import { msUntilReset, msUntilRoom, newMeter, roomOf, takeFrom } from './meter.ts';
import type { Meter, Refill } from './meter.ts';

/**
 * When tokens are charged: `upfront` input and everything the caller allows (max_tokens × n), with nothing given back (OpenAI);
 * `input_only` input before the answer, output never (Gemini); `as_produced` input before the answer, output token by token
 * (Anthropic); `at_end` all of it when the answer is over.
 */
export type Charge = 'upfront' | 'input_only' | 'as_produced' | 'at_end';

export interface LimitRules {
  /** For limits per second, minute and hour. */
  readonly minuteRefill: 'continuous' | 'fixed' | 'sliding';
  readonly dayRefill: 'continuous' | 'calendar' | 'sliding';
  /** Where calendar days and months begin at midnight. */
  readonly timeZone: string;
  readonly charge: Charge;
}

export type Counted = 'requests' | 'tokens' | 'input' | 'output' | 'concurrency';

/** One row for each limit there can be: its setting, its name, what it counts, how long. */
const ROWS = [
  ['requestsPerSecond', 'requests_second', 'requests', 'second'],
  ['requestsPerMinute', 'requests_minute', 'requests', 'minute'],
  ['tokensPerMinute', 'tokens_minute', 'tokens', 'minute'],
  ['inputTokensPerMinute', 'input_tokens_minute', 'input', 'minute'],
  ['outputTokensPerMinute', 'output_tokens_minute', 'output', 'minute'],
  ['requestsPerHour', 'requests_hour', 'requests', 'hour'],
  ['requestsPerDay', 'requests_day', 'requests', 'day'],
  ['tokensPerDay', 'tokens_day', 'tokens', 'day'],
  ['inputTokensPerDay', 'input_tokens_day', 'input', 'day'],
  ['requestsPerMonth', 'requests_month', 'requests', 'month'],
  ['tokensPerMonth', 'tokens_month', 'tokens', 'month'],
  ['concurrent', 'concurrency', 'concurrency', 'held'],
] as const satisfies readonly (readonly [string, string, Counted, string])[];

type Row = (typeof ROWS)[number];
export type LimitDimension = Row[1];
type Period = Row[3];

/** The numbers, and where a model's limits differ from the vendor's usual rules. */
export type LimitSettings = {
  readonly [Setting in Row[0]]?: number | undefined;
} & { readonly [Rule in keyof LimitRules]?: LimitRules[Rule] | undefined };

export const LIMIT_DIMENSIONS: readonly LimitDimension[] = ROWS.map(([, dimension]) => dimension);

/** What a limit counts. */
export const countedBy = (dimension: LimitDimension): Counted =>
  ROWS.find(([, name]) => name === dimension)?.[2] ?? 'requests';

/** OpenAI's rules, and those of who says nothing else. */
export const USUAL_RULES: LimitRules = Object.freeze({
  minuteRefill: 'continuous',
  dayRefill: 'continuous',
  timeZone: 'UTC',
  charge: 'upfront',
});

/** Calls under way; comes back when they end, at no instant that could be told. */
interface Held {
  readonly kind: 'held';
  readonly limit: number;
  used: number;
}

export interface ModelLimit {
  readonly dimension: LimitDimension;
  readonly level: 'organization' | 'project';
  readonly counts: Counted;
  readonly charge: Charge;
  readonly meter: Meter | Held;
}

/** What a call asks for before it is answered. */
export interface CallNeed {
  readonly inputTokens: number;
  /** Output tokens that the caller allows in all. */
  readonly allowance: number;
}

export interface LimitRefusal {
  readonly admitted: false;
  readonly dimension: LimitDimension;
  readonly level: 'organization' | 'project';
  readonly limit: number;
  readonly used: number;
  readonly requested: number;
  /**
   * Until this very call would be admitted, when nothing more comes; Infinity when it is larger than the limit itself; null when no
   * instant is known, because calls under way must end first.
   */
  readonly waitMs: number | null;
}

const ADMITTED: { readonly admitted: true } = Object.freeze({ admitted: true });
const WINDOWS = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function refillOf(period: Exclude<Period, 'held'>, rules: LimitRules): Refill {
  const { timeZone } = rules;
  if (period === 'month') return { kind: 'calendar', unit: 'month', timeZone };
  if (period === 'day' && rules.dayRefill === 'calendar') {
    return { kind: 'calendar', unit: 'day', timeZone };
  }
  const kind =
    period !== 'day'
      ? rules.minuteRefill
      : rules.dayRefill === 'sliding'
        ? 'sliding'
        : 'continuous';
  return { kind, windowMs: WINDOWS[period] };
}

/** The limits that the settings name, with nothing used. */
export function modelLimits(
  settings: LimitSettings | undefined,
  level: ModelLimit['level'],
  at: number,
  usual: LimitRules = USUAL_RULES,
): ModelLimit[] {
  if (settings === undefined) return [];
  const rules: LimitRules = {
    minuteRefill: settings.minuteRefill ?? usual.minuteRefill,
    dayRefill: settings.dayRefill ?? usual.dayRefill,
    timeZone: settings.timeZone ?? usual.timeZone,
    charge: settings.charge ?? usual.charge,
  };
  const limits: ModelLimit[] = [];
  for (const [setting, dimension, counts, period] of ROWS) {
    const limit = settings[setting];
    if (limit === undefined) continue;
    const meter: ModelLimit['meter'] =
      period === 'held'
        ? { kind: 'held', limit, used: 0 }
        : newMeter(limit, refillOf(period, rules), at);
    limits.push({ dimension, level, counts, charge: rules.charge, meter });
  }
  return limits;
}

/** What is taken when a call is admitted. */
function takenUpfront({ counts, charge }: ModelLimit, need: CallNeed): number {
  if (counts === 'requests' || counts === 'concurrency') return 1;
  const input = counts === 'output' || charge === 'at_end' ? 0 : need.inputTokens;
  const output = counts === 'input' || charge !== 'upfront' ? 0 : need.allowance;
  return input + output;
}

/** A limit that is charged later admits whoever finds anything left of it. */
const chargedLater = ({ counts, charge }: ModelLimit): boolean =>
  charge === 'at_end'
    ? counts !== 'requests' && counts !== 'concurrency'
    : charge === 'as_produced' && (counts === 'tokens' || counts === 'output');

function refused(limit: ModelLimit, requested: number, waitMs: number | null, at: number) {
  const { dimension, level, meter } = limit;
  const used = Math.ceil(meter.limit - remainingOf(limit, at));
  return {
    admitted: false,
    dimension,
    level,
    limit: meter.limit,
    used,
    requested,
    waitMs,
  } as const;
}

/**
 * Takes from every limit what the call takes upfront, or nothing from any. Of several refusals the one with the longest wait is told;
 * one without a known wait only when no other limit refuses.
 */
export function admitCall(
  limits: readonly ModelLimit[],
  need: CallNeed,
  at: number,
): { readonly admitted: true } | LimitRefusal {
  let longest = -1;
  let refusing: ModelLimit | null = null;
  for (const limit of limits) {
    const { meter } = limit;
    if (meter.kind === 'held') {
      if (meter.used >= meter.limit && refusing === null) refusing = limit;
      continue;
    }
    const taken = takenUpfront(limit, need);
    const waitMs = msUntilRoom(meter, chargedLater(limit) ? Math.max(1, taken) : taken, at);
    if (waitMs > 0 && waitMs > longest) {
      longest = waitMs;
      refusing = limit;
    }
  }
  if (refusing !== null) {
    const waitMs = longest < 0 ? null : longest;
    return refused(refusing, takenUpfront(refusing, need), waitMs, at);
  }
  for (const limit of limits) {
    const { meter } = limit;
    if (meter.kind === 'held') meter.used++;
    else takeFrom(meter, takenUpfront(limit, need), at);
  }
  return ADMITTED;
}

/** Whether anything is left to do for an admitted call: output to be charged as it comes, or something at its end. */
export const settlesLater = (limits: readonly ModelLimit[]): boolean =>
  limits.some((limit) => limit.meter.kind === 'held' || chargedLater(limit));

/** Charges output tokens that were just produced, where they are charged as they are produced. */
export function chargeProduced(
  limits: readonly ModelLimit[],
  outputTokens: number,
  at: number,
): void {
  for (const { counts, charge, meter } of limits) {
    if (charge !== 'as_produced' || meter.kind === 'held') continue;
    if (counts === 'tokens' || counts === 'output') takeFrom(meter, outputTokens, at);
  }
}

/** Ends an admitted call: its place is free again, and what is charged at the end is charged. Once a call. */
export function endCall(
  limits: readonly ModelLimit[],
  used: { readonly inputTokens: number; readonly outputTokens: number },
  at: number,
): void {
  for (const { counts, charge, meter } of limits) {
    if (meter.kind === 'held') {
      meter.used--;
    } else if (charge === 'at_end' && counts !== 'requests') {
      const input = counts === 'output' ? 0 : used.inputTokens;
      takeFrom(meter, input + (counts === 'input' ? 0 : used.outputTokens), at);
    }
  }
}

/** What is truly left; below zero when more was charged afterwards than was there. */
export const remainingOf = ({ meter }: ModelLimit, at: number): number =>
  meter.kind === 'held' ? meter.limit - meter.used : roomOf(meter, at);

/** Milliseconds until everything is back or the window ends; null for calls under way. */
export const resetOf = ({ meter }: ModelLimit, at: number): number | null =>
  meter.kind === 'held' ? null : msUntilReset(meter, at);
