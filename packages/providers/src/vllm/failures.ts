import type { FailureRule, RuleVerdict } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import { BUSY_PROCESS, OVERLOADED } from '../compatible/verdicts.ts';

/**
 * Model servers have no limit but what runs at once: a 429 or 503 that says nothing else is a full queue. A server that still loads
 * its model says so. vllm-project/vllm, sgl-project/sglang (`The request queue is full.`), huggingface/text-generation-inference
 * (`Model is overloaded`)
 */
const FULL: RuleVerdict = { ...BUSY_PROCESS, ends: 'header_wait' };

const LOADING_RULES: readonly FailureRule[] = [
  {
    name: 'loading',
    status: [503],
    message: /^(?:Loading model|The server is (?:starting|not ready)|Model is loading)\b/i,
    verdict: OVERLOADED,
  },
];

const QUEUE_RULES: readonly FailureRule[] = [
  {
    name: 'queue-full',
    status: [429, 503],
    shape: ['object', 'text', 'flat', 'detail', 'bare'],
    verdict: FULL,
  },
];

/** The table of `vllm`, `sglang` and `tgi`. */
export const VLLM_FAILURES: readonly FailureRule[] = Object.freeze([
  ...LOADING_RULES,
  ...COMPATIBLE_FAILURES.filter(
    ({ name }) => name !== 'unnamed-limit' && name !== 'overloaded-status',
  ),
  ...QUEUE_RULES,
  // a 429 or 503 without a word may come from a balancer in front
  ...COMPATIBLE_FAILURES.filter(
    ({ name }) => name === 'unnamed-limit' || name === 'overloaded-status',
  ),
]);
