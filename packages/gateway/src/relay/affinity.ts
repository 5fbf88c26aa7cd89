import type { Exchange } from '../pipeline/exchange.ts';
import { headerIn } from '../pipeline/header-in.ts';

/** As much of a call's beginning as decides which provider's prompt cache knows it. */
const PREFIX_BYTES = 2048;
const SESSION = 'keywell-session';

/**
 * A number that calls of one caller have in common which begin alike, or say by `keywell-session` that they belong together: FNV-1a over
 * the consumer and that. Calls of two consumers never share it, so that no cache tells one about the other.
 */
export function affinityOf({ consumer, inbound, body, asks }: Exchange): number {
  let hash = hashText(0x811c9dc5, consumer?.record.id ?? '');
  const session = headerIn(inbound.rawHeaders, SESSION);
  if (session !== null) return hashText(hash, session) >>> 0;
  // What is passed through is about what an earlier call made, however it begins.
  if (asks?.kind === 'passed') return hash >>> 0;
  const end = Math.min(body.byteLength, PREFIX_BYTES);
  for (let at = 0; at < end; at += 1) hash = Math.imul(hash ^ (body[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

function hashText(from: number, text: string): number {
  let hash = from;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return Math.imul(hash ^ 0x1f, 0x01000193);
}
