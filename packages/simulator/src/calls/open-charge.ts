/** What an admitted call has still to pay while it is answered: output as it is produced, and whatever is charged at its end. */
import { chargeProduced, endCall } from '../limiter/model-limiter.ts';
import type { ModelLimit } from '../limiter/model-limiter.ts';

export class OpenCharge {
  readonly #limits: readonly ModelLimit[];
  readonly #inputTokens: number;
  /** Of the whole answer. */
  readonly #outputTokens: number;
  readonly #now: () => number;
  #produced = 0;
  #ended = false;

  constructor(
    limits: readonly ModelLimit[],
    tokens: { readonly input: number; readonly output: number },
    now: () => number,
  ) {
    this.#limits = limits;
    this.#inputTokens = tokens.input;
    this.#outputTokens = tokens.output;
    this.#now = now;
  }

  /** So many of all the answer's parts are out. */
  produced(parts: number, all: number): void {
    if (this.#ended) return;
    const due = Math.floor((this.#outputTokens * parts) / all) - this.#produced;
    if (due <= 0) return;
    this.#produced += due;
    chargeProduced(this.#limits, due, this.#now());
  }

  /** The answer is over, whole or not. Only the first end counts. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const used = { inputTokens: this.#inputTokens, outputTokens: this.#produced };
    endCall(this.#limits, used, this.#now());
  }
}
