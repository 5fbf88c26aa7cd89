import { defineVendor } from '../compatible/define-vendor.ts';
import { atOpenAisPlace, type Operation } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { VLLM_FAILURES } from './failures.ts';
import { VLLM_LIMITS } from './limit-headers.ts';

function modelServer(kind: string, ...operations: readonly Operation[]): Vendor {
  return defineVendor({
    kind,
    baseUrl: null,
    baseUrlForm: 'http://127.0.0.1:8000/v1',
    needsKey: false,
    operations: atOpenAisPlace('chat.completions', 'completions', ...operations),
    failures: VLLM_FAILURES,
    limits: VLLM_LIMITS,
  });
}

/**
 * Model servers that differ in little that matters here. Newer versions speak further dialects, which the configuration has to say of
 * them (`dialects`): https://docs.vllm.ai/en/latest/serving/openai_compatible_server/, https://docs.sglang.ai/basic_usage/openai_api.html,
 * https://huggingface.co/docs/text-generation-inference/reference/api_reference
 */
export const vllm: Vendor = modelServer(
  'vllm',
  'embeddings',
  'rerank',
  'audio.transcriptions',
  'audio.translations',
);
export const sglang: Vendor = modelServer('sglang', 'embeddings', 'rerank');
export const tgi: Vendor = modelServer('tgi');
