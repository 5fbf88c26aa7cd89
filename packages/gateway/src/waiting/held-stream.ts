import type { Exchange } from '../pipeline/exchange.ts';
import { skipsComments } from '../relay/comments.ts';
import { STREAM_HEADERS } from '../relay/response-headers.ts';

/** How long a waiting stream is silent, and how often it speaks then. */
export interface RoomTimes {
  readonly silenceMs: number;
  readonly commentEveryMs: number;
}

/** Silent for so long that a refusal until then is a real one, with its status and headers; then more often than any proxy's idle timeout. */
export const STREAM_TIMES: RoomTimes = Object.freeze({ silenceMs: 5000, commentEveryMs: 3000 });

/** A comment is a block of its own (WHATWG HTML section 9.2.6); clients of the dialect skip it. */
const COMMENT = ': waiting for capacity\n\n';

/**
 * Keeps the caller of a stream company while its call waits: after five seconds the stream's head and then a comment every few seconds, so
 * that neither it nor a proxy in between takes the connection for dead. What goes wrong after that is told inside the stream.
 */
export class HeldStream {
  nextAt: number;
  readonly #exchange: Exchange;
  readonly #everyMs: number;

  constructor(exchange: Exchange, at: { readonly speakAt: number; readonly everyMs: number }) {
    this.#exchange = exchange;
    this.nextAt = at.speakAt;
    this.#everyMs = at.everyMs;
  }

  /** Sends what is due. */
  speak(now: number): void {
    if (now < this.nextAt) return;
    this.nextAt = now + this.#everyMs;
    if (!this.#exchange.begun) {
      this.#exchange.begin([
        'content-type',
        'text/event-stream; charset=utf-8',
        'keywell-request-id',
        this.#exchange.id,
        ...this.#exchange.limitHeaders,
        ...STREAM_HEADERS,
      ]);
    }
    this.#exchange.responseBytes += COMMENT.length;
    this.#exchange.inbound.write(COMMENT);
  }
}

/** Whether a call's answer is a stream of the kind that has comments. */
export function mayHold({ conversation, operation, streamed }: Exchange): boolean {
  if (conversation !== null && !skipsComments(conversation)) return false;
  return streamed && (conversation !== null || operation === 'completions');
}
