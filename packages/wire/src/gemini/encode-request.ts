import type { Drops } from '../canonical/drops.ts';
import { withOwnExtensions } from '../canonical/own-extensions.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import { ifSaid } from '../canonical/said.ts';
import { isUsualTier } from '../canonical/usual-values.ts';
import type { JsonObject } from '../json/value.ts';
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
  const body = {
    contents,
    systemInstruction: ifSaid(systemInstruction),
    tools: tools.length > 0 ? tools : undefined,
    toolConfig: encodeToolConfig(request, drops),
    generationConfig: encodeConfig(request, drops),
    labels: request.origin === 'gemini' ? ifSaid(request.metadata) : undefined,
    serviceTier: serviceTier(request.serviceTier, drops),
  };
  const own = request.origin === 'gemini';
  return withOwnExtensions(body, request.extensions, { own, merged: MERGED, drops });
}

/** Google's tiers are `standard`, `flex` and `priority`; `auto` is what happens where none is named. */
function serviceTier(tier: string | null, drops: Drops): string | undefined {
  if (tier === null || tier === 'auto') return undefined;
  if (isUsualTier(tier)) return 'standard';
  if (tier === 'flex' || tier === 'priority') return tier;
  drops.add('service_tier');
  return undefined;
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
