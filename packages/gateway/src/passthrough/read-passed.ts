import { isUtf8 } from 'node:buffer';
import { passedQuery } from '@keywell/core/access/passed-path';
import {
  isPassthroughMethod,
  type PassthroughMethod,
} from '@keywell/core/access/passthrough-rules';
import { boundaryIn, fieldText, readForm } from '@keywell/wire/multipart/read-form';
import { compileFields } from '@keywell/wire/json/field-set';
import { STRING } from '@keywell/wire/json/kind';
import { readString } from '@keywell/wire/json/read-value';
import { scanObject } from '@keywell/wire/json/scan';
import { createSpans } from '@keywell/wire/json/spans';
import { spanOf } from '@keywell/wire/edit/request-members';
import { readBody } from '../phases/decode.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, type Refusal } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { admitNamedModel } from './admit-passthrough.ts';
import { PASSED_HEADERS } from './passed-call.ts';

const FIELDS = compileFields(['model']);
const SPANS = createSpans(1);
const NOTHING_MORE: ReadonlySet<string> = new Set();

/**
 * Takes the call as it is to be sent. A body that is JSON is scanned as every other, and one that names a model names one that the caller
 * may call; whatever else it says is the provider's to judge. May answer 400, 403, 408, 413.
 */
export async function readPassed(exchange: Exchange, _plane: Plane): Promise<PhaseResult> {
  const { inbound, pathParameter } = exchange;
  const { method } = inbound;
  if (!isPassthroughMethod(method)) return refuse('method_not_allowed');
  const query = passedQuery(exchange.query, NOTHING_MORE);
  if (query === null) return refuse('bad_request', 'The query has an escape ("%…") that is none.');
  if (method === 'GET' && inbound.hasBody) {
    return refuse('bad_request', 'A GET that is passed through has no body.');
  }
  const body = await readBody(exchange);
  if (!(body instanceof Uint8Array)) return body;
  const headers = headersOf(inbound.rawHeaders, hasBody(method, body));
  const named = modelIn(body, valueOf(headers, 'content-type') ?? 'application/json');
  if (named !== null && typeof named !== 'string') return named;
  const slash = pathParameter.indexOf('/');
  const provider = pathParameter.slice(0, slash);
  exchange.asks = {
    kind: 'passed',
    method,
    path: pathParameter.slice(slash),
    query,
    repeatable: method === 'GET',
    named: named === null ? null : `${provider}/${named}`,
    headers,
    bodyFor: () => (hasBody(method, body) ? body : null),
  };
  return admitNamedModel(exchange);
}

/** What changes something announces its body even where that is empty. */
const hasBody = (method: PassthroughMethod, body: Uint8Array): boolean =>
  body.byteLength > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH';

/** The caller's headers that go along; one that came several times is one list. A body without a type is taken for JSON. */
function headersOf(rawHeaders: readonly string[], withBody: boolean): readonly string[] {
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = rawHeaders[at + 1] ?? '';
    if (!PASSED_HEADERS.includes(name) || value === '') continue;
    const before = found.get(name);
    found.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  if (!withBody) found.delete('content-type');
  else if (!found.has('content-type')) found.set('content-type', 'application/json');
  return [...found].flat();
}

function valueOf(headers: readonly string[], name: string): string | null {
  const at = headers.indexOf(name);
  return at < 0 ? null : (headers[at + 1] ?? null);
}

const JSON_TYPE = /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const FORM_TYPE = /^\s*multipart\/form-data/i;
const URL_TYPE = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const OPENING = { object: 0x7b, list: 0x5b } as const;

/** The model that a body names on its uppermost level; null where it names none. A refusal for JSON that is none. */
function modelIn(sent: Uint8Array, contentType: string): string | Refusal | null {
  if (URL_TYPE.test(contentType)) return modelInParameters(sent);
  const declared = JSON_TYPE.test(contentType);
  // In JSON a mark of the byte order is a fault; what is said to be something else may be read without it.
  const body = declared ? sent : withoutMark(sent);
  const boundary = boundaryIn(contentType);
  if (boundary !== null) return modelInForm(body, boundary);
  if (FORM_TYPE.test(contentType)) {
    return refuse('unsupported_media_type', 'The form has no sound boundary.');
  }
  const first = body.find((byte) => !BLANK.has(byte));
  if (first === undefined) return null;
  if (declared) {
    if (!isUtf8(body)) return refuse('malformed_json', 'The body is not UTF-8.');
    if (first === OPENING.list) return null;
  } else if (first !== OPENING.object) return null;
  const scan = scanObject(body, FIELDS, SPANS);
  // What is said to be something else may look like JSON and be none; but not JSON that two readers read in two ways.
  if (!scan.ok) {
    return declared || scan.code === 'json_limits' ? refuse(scan.code, scan.message) : null;
  }
  if (scan.kind[0] !== STRING) return null;
  const { start, end } = spanOf(scan, 0);
  return readString(body, start, end);
}

const withoutMark = (body: Uint8Array): Uint8Array =>
  body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;

function modelInParameters(body: Uint8Array): string | Refusal | null {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const [model, ...more] = new URLSearchParams(text).getAll('model');
  return more.length > 0
    ? refuse('invalid_parameter', 'The form has the field "model" twice.', { param: 'model' })
    : (model ?? null);
}

function modelInForm(body: Uint8Array, boundary: string): string | Refusal | null {
  const form = readForm(body, boundary);
  if (!form.ok) return refuse('invalid_parameter', form.message);
  const found = fieldText(body, form.fields, 'model');
  if (found === null) return null;
  return found === 'twice'
    ? refuse('invalid_parameter', 'The form has the field "model" twice.', { param: 'model' })
    : found.text;
}
