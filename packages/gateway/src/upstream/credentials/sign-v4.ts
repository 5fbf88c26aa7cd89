/**
 * AWS Signature Version 4 in the `authorization` header, with a hash of the body.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, hash } from 'node:crypto';
import type { Secret } from '@keywell/core/secret/secret';
import type { OutboundBody, OutboundRequest } from '../../seam/outbound.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const END = 'aws4_request';
const NOTHING = hash('sha256', '', 'hex');

export interface AwsSigner {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | null;
  readonly region: string;
  /** The name a service signs by: `bedrock` for `bedrock-runtime`. */
  readonly service: string;
}

export class SignatureV4 {
  readonly #signer: AwsSigner;
  /** The key to sign with is the same for a day. */
  #day = '';
  #dayKey: Buffer = Buffer.alloc(0);
  /** Calls of one target go to the same place. */
  #origin = '';
  #host = '';
  #path = '';
  #canonicalPath = '';

  constructor(signer: AwsSigner) {
    this.#signer = signer;
  }

  /** The request's headers and those that sign it, as of `wallNow` (epoch milliseconds). Of the headers it has, only these are covered: host, content-type, x-amz-*. */
  headersFor(request: OutboundRequest, wallNow: number): string[] {
    const { accessKeyId, sessionToken, region, service } = this.#signer;
    const at = new Date(wallNow).toISOString().replace(/[-:]|\.\d{3}/g, '');
    const day = at.slice(0, 8);
    const headers = [...request.headers, 'x-amz-date', at];
    if (sessionToken !== null) headers.push('x-amz-security-token', sessionToken.reveal());
    const covered = this.#covered(request.origin, headers);
    const names = covered.map(([name]) => name).join(';');
    const canonical = [
      request.method,
      this.#pathOf(request.path),
      covered.map(([name, value]) => `${name}:${value}\n`).join(''),
      names,
      request.body === null ? NOTHING : hashOf(request.body),
    ].join('\n');
    const scope = `${day}/${region}/${service}/${END}`;
    const text = `${ALGORITHM}\n${at}\n${scope}\n${hash('sha256', canonical, 'hex')}`;
    const signature = createHmac('sha256', this.#keyOf(day)).update(text).digest('hex');
    headers.push(
      'authorization',
      `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    );
    return headers;
  }

  #covered(origin: string, headers: readonly string[]): (readonly [string, string])[] {
    if (origin !== this.#origin) {
      this.#host = new URL(origin).host;
      this.#origin = origin;
    }
    const covered: (readonly [string, string])[] = [['host', this.#host]];
    for (let index = 0; index < headers.length; index += 2) {
      const name = (headers[index] ?? '').toLowerCase();
      if (name === 'content-type' || name.startsWith('x-amz-')) {
        covered.push([name, (headers[index + 1] ?? '').trim().replace(/\s+/g, ' ')]);
      }
    }
    return covered.toSorted(byName);
  }

  /** Path and query, as they are signed. */
  #pathOf(path: string): string {
    if (path !== this.#path) {
      const query = path.indexOf('?');
      const bare = query < 0 ? path : path.slice(0, query);
      // what is percent-encoded on the wire is encoded once more
      const encoded = encodeStrictly(bare).replaceAll('%2F', '/');
      this.#canonicalPath = `${encoded}\n${query < 0 ? '' : canonicalQuery(path.slice(query + 1))}`;
      this.#path = path;
    }
    return this.#canonicalPath;
  }

  #keyOf(day: string): Buffer {
    if (day !== this.#day) {
      const { secretAccessKey, region, service } = this.#signer;
      let key: string | Buffer = `AWS4${secretAccessKey.reveal()}`;
      for (const part of [day, region, service, END]) {
        key = createHmac('sha256', key).update(part).digest();
      }
      this.#dayKey = Buffer.from(key);
      this.#day = day;
    }
    return this.#dayKey;
  }
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1;
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .toSorted(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Every octet but the unreserved ones of RFC 3986. A lone surrogate has no octets. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hashOf(body: OutboundBody): string {
  if (typeof body === 'string' || body instanceof Uint8Array) return hash('sha256', body, 'hex');
  const whole = createHash('sha256');
  for (const piece of body) whole.update(piece);
  return whole.digest('hex');
}
