/** The faces by name, as the OpenAI-compatible paths show them. */
import { anthropicFace } from './anthropic.ts';
import { azureFace } from './azure.ts';
import { bedrockFace } from './bedrock.ts';
import type { Face, FaceName } from './face.ts';
import { geminiCompatibleFace } from './gemini.ts';
import { groqFace } from './groq.ts';
import { openaiFace } from './openai.ts';
import { openrouterFace } from './openrouter.ts';

export const FACES: Readonly<Record<FaceName, Face>> = {
  openai: openaiFace,
  anthropic: anthropicFace,
  gemini: geminiCompatibleFace,
  groq: groqFace,
  openrouter: openrouterFace,
  azure: azureFace,
  bedrock: bedrockFace,
};
