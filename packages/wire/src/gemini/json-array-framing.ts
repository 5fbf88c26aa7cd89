import type { StreamEncoder } from '../canonical/codec.ts';
import type { StreamEvent } from '../canonical/stream-event.ts';

const EVENT = 'data: ';

/** A stream's encoder for a caller who asked for no events, with a word for the failure that ends it. */
export interface ArrayEncoder extends StreamEncoder {
  /** The last element, from `renderStreamError`, and the end of the array. */
  fail(errorEvent: string): string;
}

/**
 * A stream for a caller who did not say `alt=sse`: the same objects as elements of one JSON array that is written while it grows,
 * `[{…}`, `,{…}`, `]`, as Google frames it.
 */
export function jsonArrayFraming(events: StreamEncoder): ArrayEncoder {
  return new ArrayFraming(events);
}

class ArrayFraming implements ArrayEncoder {
  readonly #events: StreamEncoder;
  #begun = false;

  constructor(events: StreamEncoder) {
    this.#events = events;
  }

  get dropped(): readonly string[] {
    return this.#events.dropped;
  }

  encode(event: StreamEvent): string {
    const elements = this.#elements(this.#events.encode(event));
    return event.kind === 'end' ? `${elements}${this.#begun ? '' : '['}]` : elements;
  }

  fail(errorEvent: string): string {
    return `${this.#elements(errorEvent)}]`;
  }

  /** JSON has no newlines of its own, so that an empty line is surely the end of an event. */
  #elements(text: string): string {
    let elements = '';
    for (const event of text.split('\n\n')) {
      if (!event.startsWith(EVENT)) continue;
      elements += `${this.#begun ? ',' : '['}${event.slice(EVENT.length)}\n`;
      this.#begun = true;
    }
    return elements;
  }
}
