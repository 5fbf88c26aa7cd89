import { defineVendor } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { VLLM_FAILURES } from './failures.ts';
import { VLLM_LIMITS } from './limit-headers.ts';

function modelServer(kind: string): Vendor {
  return defineVendor({
    kind,
    baseUrl: null,
    needsKey: false,
    failures: VLLM_FAILURES,
    limits: VLLM_LIMITS,
  });
}

/** Model servers that differ in nothing that matters here. */
export const vllm: Vendor = modelServer('vllm');
export const sglang: Vendor = modelServer('sglang');
export const tgi: Vendor = modelServer('tgi');
