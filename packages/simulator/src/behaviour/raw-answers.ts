/** Answers that are none: bytes, pages, redirects, errors nobody can read. */
import { STATUS_CODES } from 'node:http';
import { hashText, seededRandom } from '../random.ts';
import type { Answer, Exchange } from '../dialects/dialect.ts';
import type { FaultInput } from './fault-input.ts';
import type { FaultName } from './faults.ts';
import { htmlPage } from './html-page.ts';
import { streamTypeOf, wholeOf } from './whole-answer.ts';

export const RAW_ANSWERS: ReadonlySet<FaultName> = new Set<FaultName>([
  'garbage',
  'cut_json',
  'html',
  'redirect',
  'not_http',
  'huge_error',
  'html_error',
  'invalid_text',
]);

const MAX_GARBAGE = 16 * 1024 * 1024;

function randomBytes(count: number): Buffer {
  const random = seededRandom(hashText('garbage'));
  const bytes = Buffer.allocUnsafe(count);
  for (let at = 0; at < count; at++) bytes[at] = random.uint32() & 0xff;
  return bytes;
}

function respond(exchange: Exchange, status: number, headers: string[], body: Uint8Array): void {
  if (exchange.response.destroyed) return;
  exchange.call.status = status;
  const length = String(body.byteLength);
  exchange.response.writeHead(status, [...headers, 'content-length', length]);
  exchange.response.end(body);
}

const withoutType = (headers: readonly string[]): string[] => {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (name !== 'content-type') kept.push(name, headers[at + 1] ?? '');
  }
  return kept;
};

const HTML = ['content-type', 'text/html; charset=UTF-8'];

export function rawAnswer(exchange: Exchange, answer: Answer, fault: FaultInput): void {
  const headers = withoutType(answer.headers);
  const type = answer.events === null ? 'application/json' : streamTypeOf(answer);
  if (fault.fault === 'html') {
    return respond(exchange, 200, [...headers, ...HTML], Buffer.from(htmlPage('Welcome')));
  }
  if (fault.fault === 'redirect') {
    const location = fault.location ?? 'http://127.0.0.1:9/elsewhere';
    return respond(exchange, 302, [...headers, 'location', location], Buffer.alloc(0));
  }
  if (ERRORS.has(fault.fault)) return errorAnswer(exchange, headers, fault);
  if (fault.fault === 'not_http') return notHttp(exchange, fault.bytes ?? 256);
  if (fault.fault === 'cut_json') {
    const whole = wholeOf(answer);
    const half = whole.subarray(0, whole.byteLength >> 1);
    return respond(exchange, 200, [...headers, 'content-type', type], half);
  }
  const bytes = randomBytes(Math.min(fault.bytes ?? 2048, MAX_GARBAGE));
  respond(exchange, 200, [...headers, 'content-type', type], bytes);
}

const ERRORS: ReadonlySet<FaultName> = new Set<FaultName>([
  'huge_error',
  'html_error',
  'invalid_text',
]);

const JSON_TYPE = ['content-type', 'application/json'];
const MIB = 1_048_576;
/** A lone continuation byte, an overlong slash, half a surrogate pair. */
const NOT_UTF8 = Buffer.from([0x80, 0xc0, 0xaf, 0xed, 0xa0, 0x80]);

/** An error whose body is too long, a page, or no text. */
function errorAnswer(exchange: Exchange, headers: string[], fault: FaultInput): void {
  const status = fault.status ?? 500;
  if (fault.fault === 'html_error') {
    const page = Buffer.from(htmlPage(`${status} ${STATUS_CODES[status] ?? 'Error'}`));
    return respond(exchange, status, [...headers, ...HTML], page);
  }
  const huge = fault.fault === 'huge_error';
  const mark = huge ? 'x'.repeat(Math.min(fault.bytes ?? MIB, 64 * MIB)) : '@@';
  const error = {
    message: `Something failed: ${mark}`,
    type: 'server_error',
    param: null,
    code: null,
  };
  const body = exchange.face.errorBody(status, error, exchange.requestId);
  const [before = '', after = ''] = body.split('@@');
  const bytes = huge
    ? Buffer.from(body)
    : Buffer.concat([Buffer.from(before), NOT_UTF8, Buffer.from(after)]);
  respond(exchange, status, [...headers, ...JSON_TYPE], bytes);
}

function notHttp(exchange: Exchange, bytes: number): void {
  exchange.call.cut = true;
  const garbage = randomBytes(Math.min(bytes, MAX_GARBAGE));
  exchange.response.socket?.end(Buffer.concat([Buffer.from('NOPE/0 '), garbage]));
}
