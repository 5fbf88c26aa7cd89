import type { RequestRecord } from '@keywell/core/log/request-record';

/** A page of the log, newest first, as the RequestLog port and the admin API give it. */
export type ReadPage = (query: {
  readonly since: number;
  readonly until: number;
  readonly limit: number;
  readonly before?: string;
}) => Promise<readonly RequestRecord[]>;

const PAGE = 500;
/** Records held at once, about: spans of time are made shorter until they hold fewer. */
const MOST_HELD = 4000;
const FEW = 250;
const FIRST_SPAN_MS = 60_000;
const LONGEST_SPAN_MS = 3_600_000;

/**
 * All records that began in [from, to), oldest first, with bounded memory: span by span, each read page by page. Spans shrink where
 * traffic is dense and grow where it is thin.
 */
export async function* readTraffic(
  readPage: ReadPage,
  from: number,
  to: number,
): AsyncGenerator<RequestRecord> {
  let spanMs = FIRST_SPAN_MS;
  for (let since = from; since < to;) {
    const until = Math.min(to, since + spanMs);
    const found = await readSpan(readPage, since, until, spanMs > 1 ? MOST_HELD : Infinity);
    if (found === null) {
      spanMs = Math.max(1, Math.floor(spanMs / 4));
      continue;
    }
    yield* found.toReversed();
    since = until;
    if (found.length < FEW) spanMs = Math.min(LONGEST_SPAN_MS, spanMs * 2);
  }
}

/** Newest first; null when there are more than may be held. */
async function readSpan(
  readPage: ReadPage,
  since: number,
  until: number,
  most: number,
): Promise<readonly RequestRecord[] | null> {
  const held: RequestRecord[] = [];
  let before: string | undefined;
  for (;;) {
    const place = before === undefined ? {} : { before };
    const page = await readPage({ since, until, limit: PAGE, ...place });
    held.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return held;
    if (held.length >= most) return null;
    before = `${Math.trunc(last.startedAt)}/${last.id}`;
  }
}
