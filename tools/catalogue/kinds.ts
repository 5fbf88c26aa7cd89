/** The provider kinds of the catalogue by the names that the two packages give them. What is not named here is left out. */

/** Names in the package of prices. Hosts behind Hugging Face's router are asked for as `model:host`. */
export const PRICED_KINDS: Readonly<Record<string, string>> = {
  anthropic: 'anthropic',
  arcee: 'arcee',
  avian: 'avian',
  aws: 'bedrock',
  azure: 'azure-openai',
  baseten: 'baseten',
  cerebras: 'cerebras',
  cloudflare: 'cloudflare-workers-ai',
  cohere: 'cohere',
  deepseek: 'deepseek',
  doubleword: 'doubleword',
  fireworks: 'fireworks',
  google: 'gemini',
  groq: 'groq',
  minimax: 'minimax',
  mistral: 'mistral',
  moonshotai: 'moonshot',
  novita: 'novita',
  openai: 'openai',
  openrouter: 'openrouter',
  ovhcloud: 'ovhcloud',
  perplexity: 'perplexity',
  together: 'together',
  voyageai: 'voyage',
  'x-ai': 'xai',
  zai: 'zai',
  zhipuai: 'zhipu',
};

export const ROUTED_BY_HUGGING_FACE = 'huggingface_';

/**
 * Names in the package of capabilities. Left out are subscriptions, whose tokens have no price of their own, and what is the package's
 * own service.
 */
export const TOLD_KINDS: Readonly<Record<string, string>> = {
  'amazon-bedrock': 'bedrock',
  'ant-ling': 'ant-ling',
  anthropic: 'anthropic',
  azure: 'azure-openai',
  baseten: 'baseten',
  cerebras: 'cerebras',
  'cloudflare-ai-gateway': 'cloudflare-ai-gateway',
  'cloudflare-workers-ai': 'cloudflare-workers-ai',
  deepseek: 'deepseek',
  fireworks: 'fireworks',
  google: 'gemini',
  'google-vertex': 'vertex',
  groq: 'groq',
  huggingface: 'huggingface',
  meta: 'meta',
  minimax: 'minimax',
  mistral: 'mistral',
  moonshotai: 'moonshot',
  nvidia: 'nvidia-nim',
  openai: 'openai',
  openrouter: 'openrouter',
  together: 'together',
  'vercel-ai-gateway': 'vercel-ai-gateway',
  xai: 'xai',
  xiaomi: 'xiaomi-mimo',
};
