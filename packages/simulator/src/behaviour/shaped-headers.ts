/** Response headers that a provider should not send. */
import type { FaultInput } from './fault-input.ts';

const DEFAULT = [
  'set-cookie: __cf_bm=simulated; path=/; HttpOnly; Secure',
  'server: cloudflare',
  'x-simulator-extra: 1',
];
const PIECE = 8000;

/** Flat name, value. */
export function shapedHeaders(
  extra: FaultInput | undefined,
  huge: FaultInput | undefined,
): string[] {
  const headers: string[] = [];
  if (extra !== undefined) {
    for (const line of extra.headers ?? DEFAULT) {
      const colon = line.indexOf(':');
      headers.push(line.slice(0, colon), line.slice(colon + 1).trim());
    }
  }
  if (huge !== undefined) {
    const bytes = Math.min(huge.bytes ?? 1_048_576, 64 * 1_048_576);
    for (let left = bytes, at = 0; left > 0; left -= PIECE, at++) {
      headers.push(`x-simulator-filler-${at}`, 'f'.repeat(Math.min(PIECE, left)));
    }
  }
  return headers;
}
