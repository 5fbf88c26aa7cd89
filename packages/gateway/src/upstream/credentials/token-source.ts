import type { TokenGrant } from './token-grant.ts';
import { noToken, readToken, type BoughtToken, type NoToken } from './read-token.ts';
import { callTokenEndpoint, type TokenPorts } from './token-call.ts';

/** A token is renewed so long before its end, and up to half as long earlier, so that not all workers renew at once. */
const RENEW_BEFORE_MS = 60_000;
/** No call begins with a token that ends sooner. */
const UNUSABLE_BEFORE_MS = 5000;
/** A token that was just bought and is refused is not the fault of its age: it is kept, so that refusals do not become purchases. */
const FORGET_AFTER_MS = 10_000;

/** How long an endpoint is left alone after a failure, doubled each time in a row, with jitter. */
const PASSING = { baseMs: 1000, capMs: 60_000 };
const LASTING = { baseMs: 30_000, capMs: 900_000 };

interface Held {
  readonly value: string;
  readonly boughtAt: number;
  readonly renewAt: number;
  readonly usableUntil: number;
}

/**
 * The access token of one credential: bought when first needed, by one call however many wait for it, renewed in the background while
 * the old one still works, and after a failure not asked for again before its time.
 */
export class TokenSource {
  readonly #grant: TokenGrant;
  readonly #ports: TokenPorts;
  #held: Held | null = null;
  /** The token that was bought last, forgotten or not; empty before the first. */
  #last = '';
  #pending: Promise<string | NoToken> | null = null;
  #failure: NoToken | null = null;
  #failures = 0;
  #retryAt = 0;

  constructor(grant: TokenGrant, ports: TokenPorts) {
    this.#grant = grant;
    this.#ports = ports;
  }

  /** The token; a promise only where it has to be waited for. Never rejects. */
  token(): string | NoToken | Promise<string | NoToken> {
    const now = this.#ports.clock.now();
    const held = this.#held;
    if (held !== null && now < held.usableUntil) {
      if (now >= held.renewAt && now >= this.#retryAt) void this.#buyOnce(now);
      return held.value;
    }
    if (this.#pending === null && this.#failure !== null && now < this.#retryAt) {
      return this.#failure;
    }
    return this.#buyOnce(now);
  }

  /** What it has bought and may be refused with, in the words of whoever refuses it. */
  secrets(): readonly string[] {
    return this.#last === '' ? this.#grant.secrets() : [this.#last, ...this.#grant.secrets()];
  }

  /** A provider did not accept the token: the next call buys another, unless this one is new. */
  forget(): void {
    const held = this.#held;
    if (held !== null && this.#ports.clock.now() - held.boughtAt >= FORGET_AFTER_MS) {
      this.#held = null;
    }
  }

  #buyOnce(now: number): Promise<string | NoToken> {
    this.#pending ??= this.#buy(now).finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #buy(now: number): Promise<string | NoToken> {
    const answer = await this.#ask();
    if (answer.kind === 'none') return this.#failed(answer);
    this.#failure = null;
    this.#failures = 0;
    this.#retryAt = 0;
    if (answer.refreshToken !== null) this.#grant.rotated(answer.refreshToken);
    const { value, lifetimeMs } = answer;
    const early = RENEW_BEFORE_MS * (1 + this.#ports.random() / 2);
    this.#last = value;
    this.#held = {
      value,
      boughtAt: now,
      renewAt: now + lifetimeMs - Math.min(early, lifetimeMs / 2),
      usableUntil: now + lifetimeMs - Math.min(UNUSABLE_BEFORE_MS, lifetimeMs / 10),
    };
    return value;
  }

  async #ask(): Promise<BoughtToken | NoToken> {
    const { clock } = this.#ports;
    let form: string;
    try {
      form = this.#grant.form(clock.wallNow());
    } catch {
      return noToken('credential_dead', 'credential: private key unreadable');
    }
    return readToken(await callTokenEndpoint(this.#grant.tokenUrl, form, this.#ports));
  }

  #failed(answer: NoToken): NoToken {
    const { clock, random } = this.#ports;
    const { baseMs, capMs } = answer.verdict.class === 'transient' ? PASSING : LASTING;
    const pauseMs = Math.min(capMs, baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    this.#failure = answer;
    this.#retryAt = clock.now() + Math.max(answer.waitMs, (pauseMs * (1 + random())) / 2);
    return answer;
  }
}
