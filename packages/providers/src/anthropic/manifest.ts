import { accountFrom } from '../compatible/accounts.ts';
import { X_API_KEY } from '../compatible/auth-headers.ts';
import { defineVendor } from '../compatible/define-vendor.ts';
import { ANTHROPIC_VERSION, type FaceOf, MESSAGES_FACE } from '../compatible/dialect-face.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { ANTHROPIC_FAILURES } from './failures.ts';
import { ANTHROPIC_LIMITS } from './limit-headers.ts';

/**
 * Models of one family and generation share their limits: all of Opus 4.x, all of Sonnet 4.x. Older names put the generation first,
 * and each of those has limits of its own. https://platform.claude.com/docs/en/api/rate-limits
 */
const FAMILY = /^(claude-(?:opus|sonnet|haiku)-\d{1,3})(?:-|$)/;
const DATED = /^(claude-[a-z0-9-]{1,64}?)-(?:\d{8}|latest)$/;

function familyOf(model: string): string {
  return FAMILY.exec(model)?.[1] ?? DATED.exec(model)?.[1] ?? model;
}

/** Tokens of a request are counted for nothing. https://platform.claude.com/docs/en/api/messages-count-tokens */
const MESSAGES: FaceOf<'anthropic-messages'> = {
  ...MESSAGES_FACE,
  countPath: () => '/messages/count_tokens',
};

const HEADERS = Object.freeze({ 'anthropic-version': ANTHROPIC_VERSION });

/**
 * Anthropic, in its own dialect. Its OpenAI-compatible endpoint is there for trials (it leaves out caching, thinking and more) and is not
 * used; refusals have the same words at both. Its files and batches are worded otherwise than OpenAI's, which is what callers of those
 * speak. https://platform.claude.com/docs/en/api/overview, …/openai-sdk, …/files-create
 */
export const anthropic: Vendor = defineVendor({
  kind: 'anthropic',
  baseUrl: 'https://api.anthropic.com/v1',
  faces: [MESSAGES],
  operations: Object.freeze({}),
  auth: X_API_KEY,
  headers: HEADERS,
  failures: ANTHROPIC_FAILURES,
  limits: ANTHROPIC_LIMITS,
  // input without cache reads; output counts as it is produced, and max_tokens never does
  charge: {
    output: 'as_produced',
    unsetAllowance: 'learned',
    cachedInput: 'excluded',
    settlesTo: 'used',
    outputFactor: 1,
  },
  limitGroup: familyOf,
  accountOf: accountFrom('anthropic-organization-id', 'anthropic-workspace-id'),
});

/** Any host that speaks Anthropic's dialect; base URLs end where `/messages` follows. How it counts and groups is its own affair. */
export const anthropicCompatible: Vendor = defineVendor({
  kind: 'anthropic-compatible',
  baseUrl: null,
  baseUrlForm: 'https://llm.example.org/anthropic/v1',
  needsKey: false,
  faces: [MESSAGES_FACE],
  operations: Object.freeze({}),
  auth: X_API_KEY,
  headers: HEADERS,
  failures: ANTHROPIC_FAILURES,
  limits: ANTHROPIC_LIMITS,
});
