import type { Drops } from '../canonical/drops.ts';
import { withOwnExtensions } from '../canonical/own-extensions.ts';
import type { CanonicalRequest, OutputFormat } from '../canonical/request.ts';
import { ifSaid } from '../canonical/said.ts';
import { isUsualTier } from '../canonical/usual-values.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { CONVERSE } from './dialect-name.ts';
import { DocumentNames } from './document-names.ts';
import { writeReasoning } from './encode-reasoning.ts';
import { mergedFields, topKFields, writeInference } from './encode-sampling.ts';
import { writeTools } from './encode-tools.ts';
import { writeTurns } from './encode-turns.ts';
import { traitsOf } from './model-traits.ts';

/** Values of `requestMetadata`: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
const METADATA = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/;
const MOST_METADATA = 16;
const TIERS = new Set(['default', 'flex', 'priority', 'reserved']);

/** Extensions that members of the same name take in. */
const MERGED = new Set(['tools', 'outputConfig', 'additionalModelRequestFields']);

/**
 * The body for `POST /model/{modelId}/converse` and `…/converse-stream`; the model and whether it streams are in the path. A request of
 * this dialect is written as it was said, but: system turns before the first message stand in `system`, tools of a kind without a
 * canonical form behind the others, JSON in a tool's result is text, `status: "success"` is left out. Other requests are fitted to what
 * the model named in `request.model` takes.
 */
export function encodeRequest(request: CanonicalRequest, drops: Drops): JsonObject {
  const own = request.origin === CONVERSE;
  const traits = traitsOf(request.model);
  const turns = writeTurns(request.turns, {
    own,
    toCaller: false,
    traits,
    documents: new DocumentNames(),
    drops,
  });
  const { toolConfig, forced } = writeTools(request, { own, traits, drops });
  const obstacles = { forced, thoughtless: turns.thoughtless };
  const reasoning = own
    ? { fields: null, effort: request.reasoning?.effort ?? null, rulesOut: 'nothing' as const }
    : writeReasoning(request, traits, obstacles, drops);
  const sampling = { own, traits, rulesOut: reasoning.rulesOut, drops };
  const said = own ? request.extensions['additionalModelRequestFields'] : undefined;
  const topK = own ? null : topKFields(request.sampling.topK, sampling);
  const fields = mergedFields(said, topK, reasoning.fields);
  const body = {
    messages: turns.messages,
    system: turns.system.length === 0 ? undefined : turns.system,
    inferenceConfig: writeInference(request.sampling, sampling),
    toolConfig: ifSaid(toolConfig),
    additionalModelRequestFields: ifSaid(fields),
    outputConfig: ifSaid(writeOutput(request, reasoning.effort, { own, drops })),
    requestMetadata: ifSaid(writeMetadata(request, own, drops)),
    serviceTier: ifSaid(writeTier(request.serviceTier, own, drops)),
  };
  nameTheRest(request, drops);
  return withOwnExtensions(body, request.extensions, { own, merged: MERGED, drops });
}

const isEmpty = (object: JsonObject): boolean => Object.keys(object).length === 0;

function nameTheRest(request: CanonicalRequest, drops: Drops): void {
  drops.addIf(request.user, 'user');
  drops.addIf(request.promptCacheKey, 'prompt_cache_key');
  drops.addIf(request.verbosity, 'verbosity');
  if (request.modalities?.some((name) => name !== 'text') === true) drops.add('modalities');
  if (request.store === true) drops.add('store');
  drops.addIf(request.previousResponseId, 'previous_response_id');
}

/** JSON without a schema cannot be asked for. */
function writeOutput(
  { output, extensions }: CanonicalRequest,
  effort: string | null,
  { own, drops }: { readonly own: boolean; readonly drops: Drops },
): JsonObject | null {
  const rest = own ? extensions['outputConfig'] : undefined;
  if (effort === null && output === null) return isJsonObject(rest) ? rest : null;
  const config: Record<string, JsonValue | undefined> = isJsonObject(rest) ? { ...rest } : {};
  if (effort !== null) config['effort'] = effort;
  if (output?.kind === 'json') drops.add('response_format');
  if (output?.kind === 'json_schema') config['textFormat'] = writeSchema(output);
  return isEmpty(config) ? null : config;
}

/** OutputConfig of @aws-sdk/client-bedrock-runtime 3.1127: the schema is a text. What it enforces is always strict. */
function writeSchema({
  name,
  description,
  schema,
}: Extract<OutputFormat, { kind: 'json_schema' }>): JsonObject {
  const jsonSchema = {
    schema: JSON.stringify(schema),
    ...(name === null ? {} : { name }),
    ...(description === null ? {} : { description }),
  };
  return { type: 'json_schema', structure: { jsonSchema } };
}

/** What would be refused is left out and named. */
function writeMetadata(
  { metadata }: CanonicalRequest,
  own: boolean,
  drops: Drops,
): JsonObject | null {
  if (metadata === null || own) return metadata;
  const all = Object.entries(metadata);
  const taken = all
    .filter(([name, value]) => METADATA.test(name) && METADATA.test(value))
    .slice(0, MOST_METADATA);
  if (taken.length < all.length) drops.add('metadata');
  return taken.length === 0 ? null : Object.fromEntries(taken);
}

function writeTier(tier: string | null, own: boolean, drops: Drops): JsonObject | null {
  if (tier === null || (!own && tier === 'auto')) return null;
  if (own || TIERS.has(tier)) return { type: tier };
  if (isUsualTier(tier)) return { type: 'default' };
  drops.add('service_tier');
  return null;
}
