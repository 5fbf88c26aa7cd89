import type { Candidate } from '@keywell/core/keys/plan';
import type { TokenUsage } from '@keywell/core/log/request-record';
import { sumOfUsage, tokenUsage } from '@keywell/core/log/token-usage';
import {
  continuationBody,
  ContinuedStream,
  StreamTranscript,
} from '@keywell/wire/openai-chat/continuation';
import type { Exchange } from '../pipeline/exchange.ts';
import { faceFor, targetOf } from '../relay/upstream-target.ts';
import { VIA } from '../seam/via.ts';

/** Attempts at going on with one stream, those included that fail. */
const MAX_ATTEMPTS = 2;

const NO_TOKENS = Object.freeze(tokenUsage({}));

/** A stream that may be gone on with elsewhere: what the caller has of it, and what its parts have cost. */
export class Continuation {
  readonly #exchange: Exchange;
  readonly #transcript = new StreamTranscript();
  #rest: ContinuedStream | null = null;
  #earlier: TokenUsage = NO_TOKENS;
  #attempts = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Whether a part of the stream before this one has reached the caller. */
  get begun(): boolean {
    return this.#rest !== null;
  }

  /** What goes to the caller of a provider's events, which are noted. */
  pass(events: readonly Uint8Array[]): readonly Uint8Array[] {
    const rest = this.#rest;
    if (rest === null) {
      for (const bytes of events) this.#transcript.note(bytes);
      return events;
    }
    const given = events.map((bytes) => rest.rewrite(bytes)).filter(({ length }) => length > 0);
    for (const bytes of given) this.#transcript.note(bytes);
    return given;
  }

  /** Whether a stream that has just broken off can be gone on with at a host like this one. */
  mayContinue(candidate: Candidate): boolean {
    const asked = this.#exchange.callerGone || this.#attempts >= MAX_ATTEMPTS;
    return !asked && this.#transcript.sound && this.bodyFor(candidate, false) !== null;
  }

  /** The request for the rest; null where that would not be sound, or the host cannot. */
  bodyFor(candidate: Candidate, askUsage: boolean): Uint8Array | null {
    const { provider, model } = candidate;
    const { prefill } = provider;
    if (prefill === undefined || !holdsChats(candidate)) return null;
    const to = { style: prefill, model, askUsage };
    return continuationBody(this.#exchange.body, this.#transcript.text, to);
  }

  /** Counts an attempt at the rest, and what the part before it took; false when there have been enough. */
  begin(): boolean {
    if (this.#attempts >= MAX_ATTEMPTS) return false;
    this.#attempts += 1;
    this.#earlier = sumOfUsage(this.#earlier, this.#exchange.usage ?? NO_TOKENS);
    this.#exchange.usage = null;
    this.#rest = new ContinuedStream(this.#transcript, this.#earlier);
    return true;
  }

  /** Makes the exchange's usage that of the whole stream: each part counted once. */
  sumUp(): void {
    this.#exchange.usage = {
      ...sumOfUsage(this.#earlier, this.#exchange.usage ?? NO_TOKENS),
      estimated: true,
    };
  }
}

/** The rest is asked for in the words of OpenAI's chat, whatever the provider speaks beside them. */
export function holdsChats(candidate: Candidate): boolean {
  return faceFor(targetOf(candidate, VIA), 'openai-chat')?.dialect === 'openai-chat';
}

/** Null where a pool does not ask for it, or the call could not be gone on with whatever comes. */
export function continuationFor(exchange: Exchange): Continuation | null {
  const wanted = exchange.model?.pool.continuation === true;
  const plain = exchange.streamed && exchange.conversation === 'openai-chat';
  const { facts } = exchange;
  if (!wanted || !plain || facts === null || facts.n !== 1 || facts.stored) return null;
  return new Continuation(exchange);
}
