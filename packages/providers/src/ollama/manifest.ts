import { defineVendor } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { OLLAMA_FAILURES } from './failures.ts';
import { OLLAMA_LIMITS } from './limit-headers.ts';

/**
 * Ollama, where it listens by default. Newer versions speak Responses and Messages too, which the configuration has to say of them
 * (`dialects`). https://docs.ollama.com/api/openai-compatibility, …/anthropic-compatibility
 */
export const ollama: Vendor = defineVendor({
  kind: 'ollama',
  baseUrl: 'http://127.0.0.1:11434/v1',
  needsKey: false,
  failures: OLLAMA_FAILURES,
  limits: OLLAMA_LIMITS,
});
