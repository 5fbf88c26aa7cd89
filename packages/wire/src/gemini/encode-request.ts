import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import { isUsualTier } from '../canonical/usual-values.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { encodeConfig } from './encode-config.ts';
import { encodeTurns } from './encode-turns.ts';
import { encodeToolConfig, encodeTools } from './tools.ts';

/** Extensions that are merged into the members of their name, not written beside them. */
const MERGED: ReadonlySet<string> = new Set(['tools', 'toolConfig', 'generationConfig']);

/** The body alone: model and whether it is streamed stand in the path. */
export function encodeRequest(request: CanonicalRequest, drops: Drops): JsonObject {
  dropUnsayable(request, drops);
  const { systemInstruction, contents } = encodeTurns(request, drops);
  const tools = encodeTools(request, drops);
  const body: Record<string, JsonObject[string]> = { contents };
  const put = (name: string, value: JsonValue | undefined): void => {
    if ((value ?? null) !== null) body[name] = value;
  };
  put('systemInstruction', systemInstruction);
  if (tools.length > 0) put('tools', tools);
  put('toolConfig', encodeToolConfig(request, drops));
  put('generationConfig', encodeConfig(request, drops));
  if (request.origin === 'gemini') put('labels', request.metadata);
  put('serviceTier', serviceTier(request.serviceTier, drops));
  return Object.assign(body, encodeExtensions(request, drops));
}

function encodeExtensions({ origin, extensions }: CanonicalRequest, drops: Drops): JsonObject {
  const kept: Record<string, JsonObject[string]> = {};
  for (const name of Object.keys(extensions)) {
    if (origin !== 'gemini') drops.add(name);
    else if (!MERGED.has(name)) kept[name] = extensions[name];
  }
  return kept;
}

/** Google's tiers are `standard`, `flex` and `priority`; `auto` is what happens where none is named. */
function serviceTier(tier: string | null, drops: Drops): string | null {
  if (tier === null || tier === 'auto') return null;
  if (isUsualTier(tier)) return 'standard';
  if (tier === 'flex' || tier === 'priority') return tier;
  drops.add('service_tier');
  return null;
}

/**
 * Labels are what Google bills by, so a foreign caller's metadata does not become some. An answer is not stored anyway: `store: false`
 * is kept by saying nothing.
 */
function dropUnsayable(request: CanonicalRequest, drops: Drops): void {
  drops.addIf(request.user, 'user');
  if (request.origin !== 'gemini') drops.addIf(request.metadata, 'metadata');
  drops.addIf(request.promptCacheKey, 'prompt_cache_key');
  drops.addIf(request.verbosity, 'verbosity');
  if (request.store === true) drops.add('store');
  drops.addIf(request.previousResponseId, 'previous_response_id');
}
