/** The fields of a record that can be asked for, beside the record itself. */
export interface LogRow {
  /** Whole milliseconds. */
  readonly startedAt: number;
  readonly id: string;
  readonly status: number;
  readonly errorCode: string | null;
  readonly consumer: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly key: string | null;
  /** The record as it came. */
  readonly line: string;
}

/** Beyond this a field cannot be searched for by its whole value. */
const MAX_FIELD = 256;
/** Year 2000 to 2200: outside of it a clock is wrong and would give each record a file of its own. */
const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(2200, 0);

/** Reads one line; null when it is no record. */
export function parseLogRow(line: string): LogRow | null {
  const head = parseObject(withoutTimeline(line)) ?? parseObject(line);
  if (head === null) return null;
  const { startedAt, id, status } = head;
  if (typeof startedAt !== 'number' || !(startedAt >= EARLIEST && startedAt < LATEST)) return null;
  if (typeof id !== 'string' || id === '' || id.length > MAX_FIELD) return null;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 0 || status > 32_767) {
    return null;
  }
  return {
    startedAt: Math.trunc(startedAt),
    id,
    status,
    errorCode: field(head['errorCode']),
    consumer: field(head['consumer']),
    model: field(head['model']),
    provider: field(head['provider']),
    key: field(head['key']),
    line,
  };
}

/**
 * A record without its timeline, which is the larger part of it and holds nothing that can be asked for; parsing the rest takes half the
 * time. Inside a JSON text a quote is always escaped, so the mark can only be the field itself; where the timeline does not come last
 * the result is no JSON and the whole line is parsed instead.
 */
function withoutTimeline(line: string): string {
  const at = line.indexOf(',"timeline":[');
  return at > 0 && line.endsWith(']}') ? `${line.slice(0, at)}}` : line;
}

function parseObject(json: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(json);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field is checked at its use
    return typeof value === 'object' ? (value as Readonly<Record<string, unknown>> | null) : null;
  } catch {
    return null;
  }
}

function field(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return value.length > MAX_FIELD ? value.slice(0, MAX_FIELD) : value;
}
