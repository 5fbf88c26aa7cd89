// One key's side of the world: its limiters, its troubles, and what it answers.
import { headersOf, refusalBody, troubleAnswer, type Refusal, type Told } from './faces.ts';
import {
  createGauge,
  fits,
  fitsFrom,
  fullFrom,
  giveBack,
  levelAt,
  take,
  type Gauge,
} from './limiter.ts';
import {
  chargeOf,
  needOf,
  WALL_START,
  type KeySpec,
  type RequestSpec,
  type Size,
  type Trouble,
} from './scenario.ts';
import type { ResponseView } from './strategy.ts';

/** What the provider made of an attempt when it arrived. */
export interface Answer {
  readonly kind: 'admitted' | 'limited' | 'failed' | 'denied';
  readonly refusal: Refusal | null;
  readonly response: ResponseView;
}

export class ProviderKey {
  readonly spec: KeySpec;
  readonly gauges: readonly Gauge[];
  readonly #random: () => number;

  constructor(spec: KeySpec, random: () => number) {
    this.spec = spec;
    this.gauges = spec.limits.map(createGauge);
    this.#random = random;
  }

  /** Whether every limit has room for the request now. */
  admits(size: Size, now: number): boolean {
    for (const gauge of this.gauges) {
      if (!fits(gauge, needOf(gauge.rule.counts, size), now)) return false;
    }
    return true;
  }

  /** When every limit has room, if nothing else is taken. */
  admitsFrom(size: Size, now: number): number {
    let from = now;
    for (const gauge of this.gauges) {
      from = Math.max(from, fitsFrom(gauge, needOf(gauge.rule.counts, size), now));
    }
    return from;
  }

  charge(size: Size, now: number): void {
    for (const gauge of this.gauges) take(gauge, chargeOf(gauge.rule.counts, size), now);
  }

  /** The answer is whole: Cerebras counts what was used, not what was asked for. */
  settle(request: RequestSpec, chargedAt: number, now: number): number {
    const unused = Math.max(0, request.size.allowance - request.outputTokens);
    if (this.spec.face !== 'cerebras') return 0;
    for (const gauge of this.gauges) {
      if (gauge.rule.counts === 'tokens') giveBack(gauge, unused, chargedAt, now);
    }
    return unused;
  }

  /** Output that counts while it is produced. */
  produce(tokens: number, now: number): void {
    for (const gauge of this.gauges) {
      if (gauge.rule.counts === 'output_tokens') take(gauge, tokens, now);
    }
  }

  /** Somebody else's call: admitted or not, nobody here hears of it. */
  outsideCall(size: Size, now: number): void {
    if (this.admits(size, now)) this.charge(size, now);
  }

  /** What keeps the whole key away now; noise that hits only a share of attempts does not. */
  isDown(now: number): boolean {
    return this.spec.troubles.some(
      (each) => each.share >= 1 && now >= each.from && now < each.until,
    );
  }

  /** An attempt has arrived: charges what it takes and writes the answer. */
  receive(request: RequestSpec, ordinal: number, now: number): Answer {
    const trouble = this.#troubleOf(request, ordinal, now);
    if (trouble === 'dead' || trouble === 'no_funds' || trouble === 'unreachable') {
      return this.#troubled(trouble, now);
    }
    const { size } = request;
    const refusal = this.#refusalOf(size, now);
    if (refusal === null) this.charge(size, now);
    if (refusal === null && trouble !== null) return this.#troubled(trouble, now);
    const response = this.#respond(request, refusal, now);
    return { kind: refusal === null ? 'admitted' : 'limited', refusal, response };
  }

  #troubleOf(request: RequestSpec, ordinal: number, now: number): Trouble['kind'] | null {
    const luck = (request.luck + ordinal * 0.618_033_988_7) % 1;
    for (const each of this.spec.troubles) {
      if (now >= each.from && now < each.until && luck < each.share) return each.kind;
    }
    return null;
  }

  #troubled(kind: Trouble['kind'], now: number): Answer {
    const { status, body } = troubleAnswer(kind);
    const headers = status === 0 ? {} : headersOf(this.spec.face, [], null, WALL_START + now);
    return {
      kind: kind === 'dead' || kind === 'no_funds' ? 'denied' : 'failed',
      refusal: null,
      response: { status, header: (name) => headers[name], body, usage: null },
    };
  }

  /** Of several limits that refuse, the one with the longest wait is told. */
  #refusalOf(size: Size, now: number): Refusal | null {
    let refusal: Refusal | null = null;
    for (const gauge of this.gauges) {
      const requested = needOf(gauge.rule.counts, size);
      if (fits(gauge, requested, now)) continue;
      const waitMs = fitsFrom(gauge, requested, now) - now;
      if (refusal !== null && refusal.waitMs >= waitMs) continue;
      const used = gauge.rule.limit - levelAt(gauge, now);
      refusal = { rule: gauge.rule, requested, used, waitMs };
    }
    return refusal;
  }

  #respond(request: RequestSpec, refusal: Refusal | null, now: number): ResponseView {
    const { face } = this.spec;
    const told = face === 'silent' ? [] : this.gauges.map((gauge) => this.#told(gauge, now));
    // most baselines never look
    let headers: ReturnType<typeof headersOf> | null = null;
    return {
      status: refusal === null ? 200 : 429,
      header: (name) => (headers ??= headersOf(face, told, refusal, WALL_START + now))[name],
      body: refusal === null ? '' : refusalBody(face, refusal),
      usage:
        refusal === null
          ? { inputTokens: request.size.inputTokens, outputTokens: request.outputTokens }
          : null,
    };
  }

  #told(gauge: Gauge, now: number): Told {
    const { lie } = this.spec;
    const level = levelAt(gauge, now);
    const factor = lie === 'flapping' ? 0.5 + this.#random() : lie;
    const remaining = Math.min(gauge.rule.limit, level * factor);
    const until = gauge.rule.kind === 'fixed' ? gauge.endsAt : fullFrom(gauge, now);
    return { rule: gauge.rule, remaining, resetMs: until - now };
  }
}
