import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import { BUSY_PROCESS, FORBIDDEN } from '../compatible/verdicts.ts';

/** Ollama: `{"error":"text"}`. Its one limit is the queue of the process (OLLAMA_MAX_QUEUE). ollama/ollama, server/sched.go */
const OLLAMA_RULES: readonly FailureRule[] = [
  {
    name: 'queue-full',
    status: [503],
    message: /^server busy, please try again\. {1,2}maximum pending requests exceeded\b/,
    verdict: { ...BUSY_PROCESS, ends: 'header_wait' },
  },
  {
    name: 'model-not-pulled',
    status: [404],
    message: /^model [`'"][^\s`'"]{1,200}[`'"] not found\b/,
    verdict: FORBIDDEN,
  },
];

/** The table of `ollama`. */
export const OLLAMA_FAILURES: readonly FailureRule[] = Object.freeze([
  ...OLLAMA_RULES,
  ...COMPATIBLE_FAILURES,
]);
