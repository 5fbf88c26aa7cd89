import { createHeadReader, type LineHead } from '@keywell/core/log/record-line';

/** What can be asked for beside the time and the id. */
export interface LogShape {
  readonly status: number;
  readonly errorCode: string | null;
  readonly consumer: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly key: string | null;
}

/** One record as the database takes it. */
export interface LogRow {
  /** Whole milliseconds. */
  readonly startedAt: number;
  readonly id: string;
  /** The same object for most records that have it in common. */
  readonly shape: LogShape;
  /** The record as it came. */
  readonly line: string;
}

/** Beyond this a field cannot be searched for by its whole value. */
const MAX_FIELD = 256;
/** Year 2000 to 2200: outside of it a clock is wrong and would give each record a file of its own. */
const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(2200, 0);

/** Makes a reader of lines; it gives null for what is no record. */
export function createRowReader(): (line: string) => LogRow | null {
  const readHead = createHeadReader();
  const shapes = new WeakMap<Unchecked['shared'], LogShape | null>();
  return (line) => {
    const head: Unchecked | null = line.startsWith('{') ? headOfJson(line) : readHead(line);
    if (head === null) return null;
    const { startedAt, id, shared } = head;
    let shape = shapes.get(shared);
    if (shape === undefined) {
      shape = toShape(shared);
      shapes.set(shared, shape);
    }
    if (shape === null || typeof id !== 'string' || id === '' || id.length > MAX_FIELD) return null;
    if (typeof startedAt !== 'number' || !(startedAt >= EARLIEST && startedAt < LATEST)) {
      return null;
    }
    return { startedAt: Math.trunc(startedAt), id, shape, line };
  };
}

function toShape(shared: Unchecked['shared']): LogShape | null {
  const { status } = shared;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 0 || status > 32_767) {
    return null;
  }
  return {
    status,
    errorCode: field(shared.errorCode),
    consumer: field(shared.consumer),
    model: field(shared.model),
    provider: field(shared.provider),
    key: field(shared.key),
  };
}

/** Nothing that came through a port is trusted to be what it should be. */
type Unchecked = { readonly [Name in 'startedAt' | 'id']: unknown } & {
  readonly shared: Readonly<Partial<Record<keyof LineHead['shared'], unknown>>>;
};

function headOfJson(line: string): Unchecked | null {
  const record = parseObject(withoutTimeline(line)) ?? parseObject(line);
  return record === null
    ? null
    : { startedAt: record['startedAt'], id: record['id'], shared: record };
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
