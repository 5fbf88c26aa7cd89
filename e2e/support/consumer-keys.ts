import { createHash, randomBytes } from 'node:crypto';
import { formatConsumerKey } from '@keywell/core/access/consumer-key';
import { keyHashOf } from '@keywell/core/access/key-hash';

/** A consumer key and the `key_hash` line that goes with it. */
export function newConsumerKey(): { readonly key: string; readonly keyHash: string } {
  const key = formatConsumerKey(randomBytes(7), randomBytes(32));
  return { key, keyHash: keyHashOf(key, sha256) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
