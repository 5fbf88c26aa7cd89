import type { Annotations } from '../canonical/content.ts';
import { isJsonObject, type JsonValue } from '../json/value.ts';

/**
 * Citations as this dialect writes them: its own as they are; those of the Responses dialect, whose `url_citation` is the same without a
 * wrapping, are wrapped. Null for all others, and for what else Responses annotates.
 */
export function encodeAnnotations({ origin, list }: Annotations): readonly JsonValue[] | null {
  if (origin === 'openai-chat') return list;
  if (origin !== 'openai-responses') return null;
  const wrapped: JsonValue[] = [];
  for (const annotation of list) {
    if (!isJsonObject(annotation) || annotation['type'] !== 'url_citation') continue;
    const { type, ...citation } = annotation;
    wrapped.push({ type, url_citation: citation });
  }
  return wrapped.length === 0 ? null : wrapped;
}
