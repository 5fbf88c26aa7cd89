/** An answer seen as one thing: all its bytes, and what they are. */
import type { Answer } from '../dialects/dialect.ts';

/** Everything the answer sends, in one piece. */
export function wholeOf({ body, events }: Answer): Buffer {
  if (events === null) return Buffer.from(body);
  return Buffer.concat(events.map((event) => Buffer.from(event)));
}

export const streamTypeOf = ({ streamType }: Answer): string =>
  streamType ?? 'text/event-stream; charset=utf-8';
