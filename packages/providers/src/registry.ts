import { anthropic, anthropicCompatible } from './anthropic/manifest.ts';
import { azureOpenai } from './azure-openai/manifest.ts';
import { bedrock } from './bedrock/manifest.ts';
import { cerebras } from './cerebras/manifest.ts';
import { cohere } from './cohere/manifest.ts';
import { hostVendors } from './compatible/hosts/hosts.ts';
import { compatible } from './compatible/manifest.ts';
import type { Vendor } from './compatible/vendor.ts';
import { deepseek } from './deepseek/manifest.ts';
import { fireworks } from './fireworks/manifest.ts';
import { gemini } from './gemini/manifest.ts';
import { groq } from './groq/manifest.ts';
import { mistral } from './mistral/manifest.ts';
import { ollama } from './ollama/manifest.ts';
import { openai } from './openai/manifest.ts';
import { openrouter } from './openrouter/manifest.ts';
import { perplexity } from './perplexity/manifest.ts';
import { together } from './together/manifest.ts';
import { vertex } from './vertex/manifest.ts';
import { sglang, tgi, vllm } from './vllm/manifest.ts';
import { xai } from './xai/manifest.ts';

const ALL: readonly Vendor[] = [
  openai,
  compatible,
  anthropicCompatible,
  azureOpenai,
  anthropic,
  gemini,
  vertex,
  bedrock,
  mistral,
  groq,
  cerebras,
  cohere,
  deepseek,
  xai,
  openrouter,
  together,
  fireworks,
  perplexity,
  ollama,
  vllm,
  sglang,
  tgi,
  ...hostVendors,
];

const VENDORS: ReadonlyMap<string, Vendor> = new Map(ALL.map((vendor) => [vendor.kind, vendor]));

/** The vendor of a provider's `kind`; null for a kind that is not known. */
export function vendorOf(kind: string): Vendor | null {
  return VENDORS.get(kind) ?? null;
}

/** Every kind that a provider can have. */
export function vendorKinds(): readonly string[] {
  return [...VENDORS.keys()];
}
