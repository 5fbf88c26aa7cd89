/** A response head that was read and found sound. */
export interface ResponseHead {
  readonly status: number;
  /** How the body ends: after so many bytes, by chunks, with the connection, or at once. */
  readonly framing: 'length' | 'chunked' | 'close' | 'none';
  /** Bytes of the body where framing is `length`. */
  readonly length: number;
  /** Whether the connection may serve another call afterwards. */
  readonly keepAlive: boolean;
  /** A header by lower-case name; the first of several. */
  readonly header: (name: string) => string | undefined;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// oxlint-disable-next-line no-control-regex -- exactly what must not stand in a value
const BAD_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Reads a head (RFC 9112 sections 2 to 6), given without its blank line. Strict where two readers could disagree about where the body
 * ends: folded lines, bare line feeds, a length twice, a length beside a transfer coding. Null when it is no sound head.
 */
export function readResponseHead(text: string): ResponseHead | null {
  const lines = text.split('\r\n');
  const status = STATUS_LINE.exec(lines[0] ?? '');
  if (status === null) return null;
  const code = Number(status[2]);
  const fields: string[] = [];
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const colon = line.indexOf(':');
    if (colon < 1 || !NAME.test(line.slice(0, colon)) || BAD_VALUE.test(line)) return null;
    fields.push(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const framing = framingOf(code, fields);
  if (framing === null) return null;
  const header = (name: string): string | undefined => find(fields, name);
  const connection = (header('connection') ?? '').toLowerCase();
  const keepAlive =
    framing.framing !== 'close' && status[1] === '1' && !connection.includes('close');
  return { status: code, ...framing, keepAlive, header };
}

function framingOf(
  status: number,
  fields: readonly string[],
): Pick<ResponseHead, 'framing' | 'length'> | null {
  const coding = only(fields, 'transfer-encoding');
  const length = only(fields, 'content-length');
  if (coding === null || length === null) return null;
  if (status < 200 || status === 204 || status === 304) return NO_BODY;
  if (coding !== undefined) {
    const sound = length === undefined && coding.toLowerCase() === 'chunked';
    return sound ? { framing: 'chunked', length: 0 } : null;
  }
  if (length === undefined) return { framing: 'close', length: 0 };
  if (!/^\d{1,15}$/.test(length)) return null;
  const bytes = Number(length);
  return bytes === 0 ? NO_BODY : { framing: 'length', length: bytes };
}

const NO_BODY = Object.freeze({ framing: 'none', length: 0 } as const);

/** The value of a header that may be sent once; null when it came twice. */
function only(fields: readonly string[], name: string): string | undefined | null {
  let value: string | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index] !== name) continue;
    if (value !== undefined) return null;
    value = fields[index + 1] ?? '';
  }
  return value;
}

function find(fields: readonly string[], name: string): string | undefined {
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index] === name) return fields[index + 1];
  }
  return undefined;
}
