/**
 * What providers say in every answer and nobody misses: the tier that a call has anyway, marks of the provider's own build, filters that
 * found nothing. A caller of another dialect is not told that it was dropped, so that `keywell-dropped` names what really is lost.
 * Sources: types of the official SDKs (openai, @anthropic-ai/sdk, @google/genai, @aws-sdk/client-bedrock-runtime), and Azure's
 * reference of content filters (`content_filter_results`).
 */
import { isJsonArray, type JsonObject, type JsonValue } from '../json/value.ts';

/** What the dialects call the tier of who asks for none: OpenAI `default`, Anthropic `standard` and `standard_only`, Groq `on_demand`. */
const USUAL_TIERS: ReadonlySet<JsonValue> = new Set([
  'default',
  'standard',
  'standard_only',
  'on_demand',
]);
const TIERS_NOT_SAID: ReadonlySet<JsonValue> = new Set([...USUAL_TIERS, 'auto', 'unspecified']);
const FOUND_NOTHING: ReadonlySet<JsonValue> = new Set([false]);
const NONE: ReadonlySet<JsonValue> = new Set([0]);

/** Values that say nothing, by the member they are said in. */
const USUAL: ReadonlyMap<string, ReadonlySet<JsonValue>> = new Map([
  ['service_tier', TIERS_NOT_SAID],
  ['serviceTier', TIERS_NOT_SAID],
  ['serviceTier.type', TIERS_NOT_SAID],
  ['trafficType', new Set<JsonValue>(['ON_DEMAND', 'TRAFFIC_TYPE_UNSPECIFIED'])],
  ['inference_geo', new Set<JsonValue>(['global', 'not_available'])],
  ['latency', new Set<JsonValue>(['standard'])],
  ['web_search_requests', NONE],
  ['web_fetch_requests', NONE],
  ['blocked', FOUND_NOTHING],
  ['detected', FOUND_NOTHING],
  ['filtered', FOUND_NOTHING],
  ['probability', new Set<JsonValue>(['NEGLIGIBLE', 'HARM_PROBABILITY_UNSPECIFIED'])],
  [
    'severity',
    new Set<JsonValue>(['safe', 'HARM_SEVERITY_NEGLIGIBLE', 'HARM_SEVERITY_UNSPECIFIED']),
  ],
]);

/**
 * Members that tell of the provider's machinery, or only which thing a finding beside them is about: by themselves nothing of the answer,
 * whatever they hold. `obfuscation` pads events; `x_groq` is Groq's id of the call and, in streams, its usage, which is read.
 */
const INCIDENTAL: ReadonlySet<string> = new Set([
  'system_fingerprint',
  'obfuscation',
  'x_groq',
  'metrics',
  'category',
  'probabilityScore',
  'severityScore',
  'prompt_index',
]);

/** Deeper than any usual value stands; what is deeper says something. */
const DEEPEST = 6;

/** The tier that who asks for none gets, whatever dialect names it; `auto` is another wish. */
export function isUsualTier(tier: string): boolean {
  return USUAL_TIERS.has(tier);
}

/** A tier as OpenAI's dialects name it; a host's own name for it stays with who speaks its dialect. */
export function openaiTier(tier: string | null, own: boolean): string | null {
  return !own && tier !== null && isUsualTier(tier) ? 'default' : tier;
}

/** Whether a member of an answer says nothing: empty, usual, or made of members that say nothing. */
export function saysNothing(name: string, value: JsonValue | undefined, depth = 0): boolean {
  if (value === null || value === undefined || value === '' || INCIDENTAL.has(name)) return true;
  if (typeof value !== 'object') return USUAL.get(name)?.has(value) === true;
  if (depth === DEEPEST) return false;
  if (isJsonArray(value)) return value.every((each) => saysNothing(name, each, depth + 1));
  for (const member in value) {
    const inner = member === 'type' ? `${name}.type` : member;
    if (!saysNothing(inner, value[member], depth + 1)) return false;
  }
  return true;
}

/** The names of an answer's members that say something. */
export function tellingNames(members: JsonObject): readonly string[] {
  let names: string[] | null = null;
  for (const name in members) if (!saysNothing(name, members[name])) (names ??= []).push(name);
  return names ?? NO_NAMES;
}

const NO_NAMES: readonly string[] = Object.freeze([]);
