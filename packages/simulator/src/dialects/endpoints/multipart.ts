/** Forms with files (multipart/form-data, RFC 7578): as much of it as SDKs send. */
import type { IncomingMessage } from 'node:http';

export interface FormPart {
  readonly name: string;
  /** Null: a field, not a file. */
  readonly filename: string | null;
  readonly bytes: Uint8Array;
}

export interface Form {
  /** The last field of a name. */
  readonly text: (name: string) => string | null;
  readonly files: (name: string) => readonly FormPart[];
}

const MAX_PARTS = 1000;
const BLANK = '\r\n\r\n';

function parameter(header: string, name: string): string | null {
  const match = new RegExp(`[;\\s]${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(
    header,
  );
  return match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2] ?? null;
}

function partOf(bytes: Buffer): FormPart | null {
  const end = bytes.indexOf(BLANK);
  if (end === -1) return null;
  const head = bytes.toString('utf8', 0, end);
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  const name = parameter(disposition, 'name');
  if (name === null) return null;
  const filename = parameter(disposition, 'filename');
  return { name, filename, bytes: bytes.subarray(end + BLANK.length) };
}

/** The parts between the boundaries; null when it is no such form. */
function partsIn(body: Buffer, boundary: string): FormPart[] | null {
  const mark = Buffer.from(`--${boundary}`);
  const parts: FormPart[] = [];
  let at = body.indexOf(mark);
  if (at === -1) return null;
  while (parts.length <= MAX_PARTS) {
    at += mark.byteLength;
    if (body.toString('latin1', at, at + 2) === '--') return parts;
    const next = body.indexOf(`\r\n--${boundary}`, at);
    if (next === -1) return null;
    const part = partOf(body.subarray(at + 2, next));
    if (part === null) return null;
    parts.push(part);
    at = next + 2;
  }
  return null;
}

/** Null when the request is no form, or a broken one. */
export function readForm({ headers }: IncomingMessage, bytes: Uint8Array): Form | null {
  const type = headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) return null;
  const boundary = parameter(type, 'boundary');
  const parts = boundary === null || boundary === '' ? null : partsIn(Buffer.from(bytes), boundary);
  if (parts === null) return null;
  return {
    text: (name) => {
      const part = parts.findLast((one) => one.name === name && one.filename === null);
      return part === undefined ? null : Buffer.from(part.bytes).toString('utf8');
    },
    files: (name) =>
      parts.filter(
        (one) => one.filename !== null && (one.name === name || one.name === `${name}[]`),
      ),
  };
}
