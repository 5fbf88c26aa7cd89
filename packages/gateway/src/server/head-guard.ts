import type { ErrorCode } from '@keywell/core/errors/catalogue';
import { VIA } from '../seam/via.ts';

/** What is wrong with a request's head, before anything is routed. */
export interface HeadProblem {
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether the connection's framing can still be trusted. */
  readonly fatal: boolean;
}

const MAX_HEADERS = 200;
const MAX_TARGET_LENGTH = 8 * 1024;
/** How often a request may have passed through this gateway before it counts as a loop. */
const MAX_VIA_HOPS = 3;

const problem = (code: ErrorCode, message: string, fatal = true): HeadProblem => ({
  code,
  message,
  fatal,
});

/**
 * Headers that mean nothing when they come twice: RFC 9110 section 5.3 forbids most of them, and a credential sent twice is two
 * credentials. Node joins or drops the second silently, so it is refused here.
 */
const SINGLETONS = new Map<string, number>(
  [
    'host',
    'authorization',
    'content-type',
    'content-length',
    'content-encoding',
    'transfer-encoding',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'expect',
    'idempotency-key',
    'keywell-max-wait-ms',
  ].map((name, bit) => [name, 1 << bit]),
);

/** Checks the head of a request against what plain HTTP parsers let through. Null when there is nothing to complain about. */
export function guardHead(
  version: string,
  target: string,
  rawHeaders: readonly string[],
): HeadProblem | null {
  if (version !== '1.1' && version !== '1.0') {
    return problem('bad_request', `HTTP/${version} is not spoken here; use HTTP/1.1.`);
  }
  return guardTarget(target) ?? guardHeaders(version, rawHeaders);
}

function guardTarget(target: string): HeadProblem | null {
  if (target.length > MAX_TARGET_LENGTH) {
    return problem('uri_too_long', `The request target is longer than ${MAX_TARGET_LENGTH} bytes.`);
  }
  if (target === '*') return null;
  if (target.charCodeAt(0) !== 0x2f) {
    return problem('bad_request', 'The request target must be a path that starts with "/".');
  }
  for (let index = 0; index < target.length; index += 1) {
    const code = target.charCodeAt(index);
    if (code <= 0x20 || code >= 0x7f || code === 0x23 || code === 0x5c) {
      return problem('bad_request', 'The request target holds a character that must be escaped.');
    }
  }
  return null;
}

function guardHeaders(version: string, rawHeaders: readonly string[]): HeadProblem | null {
  if (rawHeaders.length > MAX_HEADERS * 2) {
    return problem('headers_too_large', `There are more than ${MAX_HEADERS} headers.`);
  }
  let seen = 0;
  let hops = 0;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const bit = SINGLETONS.get(name);
    if (bit !== undefined) {
      if ((seen & bit) !== 0) {
        return problem('bad_request', `The header "${name}" may be sent only once.`);
      }
      seen |= bit;
      // RFC 9112 section 6.1: in HTTP/1.0 this framing is faulty, whatever else is said.
      if (name === 'transfer-encoding' && version === '1.0') {
        return problem('bad_request', 'HTTP/1.0 has no transfer-encoding.');
      }
      if (name === 'host') hosts += 1;
      const wrong = guardValue(name, rawHeaders[index + 1] ?? '');
      if (wrong !== null) return wrong;
    } else if (name === 'via') {
      hops += countHops(rawHeaders[index + 1] ?? '');
      if (hops > MAX_VIA_HOPS) {
        return problem('loop_detected', 'The request has passed through this gateway before.');
      }
    }
  }
  // RFC 9112 section 3.2.
  if (hosts === 0 && version === '1.1')
    return problem('bad_request', 'The host header is missing.');
  return null;
}

function guardValue(name: string, value: string): HeadProblem | null {
  switch (name) {
    case 'transfer-encoding':
      return value.toLowerCase() === 'chunked'
        ? null
        : problem('not_implemented', 'The only transfer coding taken is "chunked".');
    case 'content-encoding':
      return value === '' || value.toLowerCase() === 'identity'
        ? null
        : problem('unsupported_media_type', 'Compressed request bodies are not taken.', false);
    case 'host':
      return isHost(value) ? null : problem('bad_request', 'The host header is not a host.');
    case 'content-length':
      return isDigits(value) ? null : problem('bad_request', 'The content-length is not a number.');
    default:
      return null;
  }
}

function countHops(value: string): number {
  let hops = 0;
  for (let from = value.indexOf(VIA); from !== -1; from = value.indexOf(VIA, from + VIA.length)) {
    hops += 1;
  }
  return hops;
}

function isDigits(value: string): boolean {
  if (value.length === 0 || value.length > 16) return false;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** A host and port: letters, digits and `. - _ : [ ] %`, nothing that could start userinfo, a path or a query. */
function isHost(value: string): boolean {
  if (value.length > 255) return false;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    const alphanumeric =
      (code >= 0x30 && code <= 0x3a) ||
      (code >= 0x41 && code <= 0x5b) ||
      (code >= 0x61 && code <= 0x7a);
    if (
      !alphanumeric &&
      code !== 0x5d &&
      code !== 0x2d &&
      code !== 0x2e &&
      code !== 0x5f &&
      code !== 0x25
    ) {
      return false;
    }
  }
  return true;
}
