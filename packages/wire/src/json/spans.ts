import { ABSENT } from './kind.ts';

/** Where the members of a field set lie in a document, by their index. To be used again by one reader that keeps nothing of it. */
export interface Spans {
  /** Offset of the value, -1 where it is absent. */
  readonly start: number[];
  /** Offset behind the value. */
  readonly end: number[];
  /** One of json/kind. */
  readonly kind: number[];
}

/** Spans of `count` members, all absent. */
export function createSpans(count: number): Spans {
  const spans: Spans = { start: [], end: [], kind: [] };
  for (let i = 0; i < count; i++) {
    spans.start.push(-1);
    spans.end.push(-1);
    spans.kind.push(ABSENT);
  }
  return spans;
}

export function clearSpans(spans: Spans): void {
  const { start, end, kind } = spans;
  for (let i = 0; i < kind.length; i++) {
    start[i] = -1;
    end[i] = -1;
    kind[i] = ABSENT;
  }
}
