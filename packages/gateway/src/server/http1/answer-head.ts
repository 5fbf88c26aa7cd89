import { VALUE } from '../../http1/characters.ts';

/** Reason phrases (RFC 9110 section 15); a status without one is sent with none, which is allowed. */
const REASONS = new Map<number, string>([
  [200, 'OK'],
  [201, 'Created'],
  [202, 'Accepted'],
  [204, 'No Content'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [402, 'Payment Required'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [408, 'Request Timeout'],
  [409, 'Conflict'],
  [413, 'Payload Too Large'],
  [414, 'URI Too Long'],
  [415, 'Unsupported Media Type'],
  [417, 'Expectation Failed'],
  [422, 'Unprocessable Content'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
  [508, 'Loop Detected'],
]);

export const reasonOf = (status: number): string => REASONS.get(status) ?? '';

const LINES = new Map<number, string>();

function statusLine(status: number): string {
  let line = LINES.get(status);
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
    LINES.set(status, line);
  }
  return line;
}

/** An answer without a body, whatever its headers say (RFC 9110 sections 15.3.5 and 15.4.5). */
export const isBodiless = (status: number): boolean => status === 204 || status === 304;

/** Status line and fields, each on its line, without the blank one. `closing` are lines that are sound already. */
export function answerHead(status: number, headers: readonly string[], closing: string): string {
  let head = statusLine(status);
  for (let index = 0; index < headers.length; index += 2) {
    head += `${headers[index] ?? ''}: ${soundValue(headers[index + 1] ?? '')}\r\n`;
  }
  return head + dateLine() + closing;
}

/** What no value may hold would start another line, or be cut to something that does: each such character becomes a question mark. */
function soundValue(value: string): string {
  for (let index = 0; index < value.length; index += 1) {
    if (VALUE[value.charCodeAt(index)] !== 1) return value.replace(UNSOUND, '?');
  }
  return value;
}

const UNSOUND = /[^\t\x20-\x7e\x80-\xff]/g;

let dateSecond = 0;
let dateText = '';

/** RFC 9110 section 6.6.1, written once a second. */
function dateLine(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateText;
}
