import type { ProviderRecord, UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import type { Vendor } from '@keywell/providers/compatible/vendor';

/** The part of fetch that is used, so that tests need no network. */
export type FreeFetch = (
  url: string,
  init: {
    readonly method: 'GET';
    readonly headers: Readonly<Record<string, string>>;
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<{ readonly status: number; readonly body: ReadableStream<Uint8Array> | null }>;

/** What an answer to a free call holds; null where it is too long to be one. */
export interface FreeAnswer {
  readonly status: number;
  readonly body: string | null;
}

const MAX_BODY_BYTES = 64 * 1024;
/** A path and a query of plain characters: nothing that could lead to another host. */
const PATH = /^(?:\/[A-Za-z0-9._~-]+)+(?:\?[A-Za-z0-9._~=&-]*)?$/;

/**
 * The URL of a free call: on the host of the provider's base URL, below its prefix unless the path is the host's own. Null where a path
 * would lead anywhere else.
 */
export function freeUrl(baseUrl: string, path: string, below: 'base' | 'host'): string | null {
  if (!PATH.test(path) || path.includes('..') || !URL.canParse(baseUrl)) return null;
  const base = new URL(baseUrl);
  const prefix = below === 'base' ? base.pathname.replace(/\/+$/, '') : '';
  const url = new URL(`${prefix}${path}`, base);
  const safe = url.origin === base.origin && /^https?:$/.test(url.protocol);
  return safe && url.username === '' ? url.href : null;
}

/** One GET with the key's own headers: no redirect is followed, and no more than 64 KiB are read. */
export async function freeCall(
  fetch: FreeFetch,
  url: string,
  of: {
    readonly vendor: Pick<Vendor, 'authHeaders' | 'authQuery'>;
    readonly provider: Pick<ProviderRecord, 'id'>;
    readonly key: UpstreamKeyRecord;
    readonly signal: AbortSignal;
  },
): Promise<FreeAnswer> {
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'keywell' };
  const flat = of.vendor.authHeaders(of.key);
  for (let at = 0; at + 1 < flat.length; at += 2) headers[flat[at] ?? ''] = flat[at + 1] ?? '';
  const { signal } = of;
  const query = of.vendor.authQuery(of.key);
  const joint = url.includes('?') ? '&' : '?';
  const answer = await fetch(query === '' ? url : `${url}${joint}${query}`, {
    method: 'GET',
    headers,
    redirect: 'manual',
    signal,
  });
  return { status: answer.status, body: await readBounded(answer.body, signal) };
}

async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): Promise<string | null> {
  if (body === null) return '';
  const reader = body.getReader();
  const giveUp = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return Buffer.concat(chunks).toString('utf8');
      bytes += value.byteLength;
      if (bytes > MAX_BODY_BYTES) {
        giveUp();
        return null;
      }
      chunks.push(value);
    }
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
