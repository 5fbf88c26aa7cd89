import { parseRfc3339 } from '@keywell/core/time/instant';

export interface Period {
  /** Epoch milliseconds, inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Reads `2026-11-25T10:00` or `2026-11-25T10:00/2026-11-25T12:00`; UTC unless a zone is named, midnight without a time. Null: neither. */
export function parsePeriod(text: string, now: number): Period | null {
  const [first = '', second, ...more] = text.split('/');
  const from = parseInstant(first);
  const to = second === undefined ? now : parseInstant(second);
  if (from === null || to === null || more.length > 0 || from >= to) return null;
  return { from, to };
}

function parseInstant(text: string): number | null {
  const timed = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text;
  return parseRfc3339(timed) ?? parseRfc3339(`${timed}Z`);
}
