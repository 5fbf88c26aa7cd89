import { parseProtobufDuration } from '@keywell/core/time/duration';
import type { ErrorShape } from './failure-rule.ts';

/** What a failure's body says in fields, whatever its shape. Texts are as they came, absent ones empty. */
export interface ErrorBody {
  readonly shape: ErrorShape;
  /** True when the body says that something failed; a body without that, on a 2xx, is a success. */
  readonly isError: boolean;
  /** True when the body should have been JSON and is not. */
  readonly malformed: boolean;
  readonly code: string;
  readonly type: string;
  readonly message: string;
  /** What stands at a path of fields, `*` for every element of a list, as texts; numbers in decimal. Bounded. */
  readonly at: (path: string) => readonly string[];
  /** The wait in `details[].retryDelay` (Google RPC status, which compatible endpoints pass on), milliseconds. */
  readonly retryDelayMs: number | null;
}

type Fields = Readonly<Record<string, unknown>>;

const nowhere = (): readonly string[] => [];

const NOTHING: ErrorBody = Object.freeze({
  shape: 'none',
  isError: false,
  malformed: false,
  code: '',
  type: '',
  message: '',
  at: nowhere,
  retryDelayMs: null,
});
const MALFORMED: ErrorBody = Object.freeze({ ...NOTHING, malformed: true });
const HTML: ErrorBody = Object.freeze({ ...NOTHING, shape: 'html', isError: true });

/** Values that one path can lead to; a list of thousands says nothing that its beginning does not. */
const MAX_VALUES = 64;

/** Longest `code` or `type` that is looked at; a longer one is no identifier. */
const MAX_IDENTIFIER = 128;

/** Reads the error in a response body (at most 64 KiB, possibly cut). Total: whatever comes, it answers. */
export function readErrorBody(body: string): ErrorBody {
  const text = withoutEventFraming(body.trim());
  if (text === '') return NOTHING;
  if (text.startsWith('<')) return HTML;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return MALFORMED;
  }
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  const root = failedResponseIn(first) ?? first;
  return isFields(root) ? { ...readRoot(root), at: (path) => valuesAt(root, path) } : NOTHING;
}

/** A stream of OpenAI's Responses tells of its failure in the response as it is then: `{"type":"response.failed","response":{"error":{…}}}`. */
function failedResponseIn(event: unknown): Fields | null {
  if (!isFields(event) || event['type'] !== 'response.failed') return null;
  const response = event['response'];
  return isFields(response) ? response : null;
}

function valuesAt(root: Fields, path: string): readonly string[] {
  let found: unknown[] = [root];
  for (const step of path.split('.')) {
    const next: unknown[] = [];
    for (const value of found) {
      if (step === '*') next.push(...(Array.isArray(value) ? value.slice(0, MAX_VALUES) : []));
      else if (isFields(value) && Object.hasOwn(value, step)) next.push(value[step]);
    }
    found = next.slice(0, MAX_VALUES);
  }
  return found.flatMap((value) => {
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' ? value.slice(0, MAX_IDENTIFIER) : [];
  });
}

function readRoot(root: Fields): ErrorBody {
  const error = root['error'];
  if (isFields(error)) {
    const read = errorOf('object', error);
    // {"error":{}} beside an answer is somebody's empty struct
    return isBlank(read) ? NOTHING : read;
  }
  if (typeof error === 'string' && error !== '') {
    const type = identifier(root['error_type'] ?? root['type']);
    return { ...errorOf('text', root), message: error, type };
  }
  const ownStatus = readBaseResp(root['base_resp']);
  if (ownStatus !== null) return ownStatus;
  const errors = root['errors'];
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (isFields(first)) return errorOf('flat', first);
  if ('choices' in root || 'data' in root) return NOTHING;
  return readFlat(root);
}

/** `{"message", "code" | "type"}`, where something says that the message is an error's. */
function readFlat(root: Fields): ErrorBody {
  const flat = errorOf('flat', root);
  const marked = root['error'] === true || root['object'] === 'error';
  const named = flat.code !== '' || flat.type !== '';
  if (flat.message !== '' && (marked || named)) return flat;
  const detail = readDetail(root['detail']);
  if (detail.isError) return detail;
  const message = flat.message === '' ? textOf(root['Message']) : flat.message;
  return message === '' ? NOTHING : { ...NOTHING, shape: 'bare', message };
}

/** MiniMax's `{"base_resp":{"status_code":1008,"status_msg":"…"}}`, which stands beside good replies too, with a 0. */
function readBaseResp(status: unknown): ErrorBody | null {
  if (!isFields(status)) return null;
  const code = identifier(status['status_code']);
  if (code === '' || code === '0') return null;
  return { ...NOTHING, shape: 'flat', isError: true, message: textOf(status['status_msg']) };
}

/** FastAPI's `{"detail": "text" | {…} | [{msg, type}]}`. */
function readDetail(detail: unknown): ErrorBody {
  if (typeof detail === 'string' && detail !== '') {
    return { ...NOTHING, shape: 'detail', isError: true, message: detail };
  }
  const first: unknown = Array.isArray(detail) ? detail[0] : detail;
  if (!isFields(first)) return NOTHING;
  const read = errorOf('detail', first);
  return read.message === '' ? { ...read, message: textOf(first['msg']) } : read;
}

function errorOf(shape: ErrorShape, fields: Fields): ErrorBody {
  return {
    shape,
    isError: true,
    malformed: false,
    code: identifier(fields['code']),
    type: identifier(fields['type']),
    message: textOf(fields['message']),
    at: nowhere,
    retryDelayMs: retryDelayOf(fields['details']),
  };
}

function isBlank(error: ErrorBody): boolean {
  return error.code === '' && error.type === '' && error.message === '';
}

function retryDelayOf(details: unknown): number | null {
  if (!Array.isArray(details)) return null;
  for (const detail of details.slice(0, 16)) {
    if (!isFields(detail)) continue;
    const delay = detail['retryDelay'];
    if (typeof delay === 'string') return parseProtobufDuration(delay);
  }
  return null;
}

/** Where the caller hands over a whole stream event, its first data line counts. */
function withoutEventFraming(text: string): string {
  if (!text.startsWith('data:') && !text.startsWith('event:')) return text;
  const line = text.split('\n').find((candidate) => candidate.startsWith('data:'));
  return line === undefined ? '' : line.slice('data:'.length).trim();
}

/** Codes and types compare in lower case; numbers are compared by their decimal digits. */
function identifier(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : textOf(value);
  return text.length > MAX_IDENTIFIER ? '' : text.trim().toLowerCase();
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
