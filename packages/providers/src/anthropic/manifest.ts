import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import { accountFrom } from '../compatible/accounts.ts';
import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { ANTHROPIC_FAILURES } from './failures.ts';
import { ANTHROPIC_LIMITS } from './limit-headers.ts';

/** Version of the API that the tables here were written for. */
const VERSION = '2023-06-01';

/**
 * Models of one family and generation share their limits: all of Opus 4.x, all of Sonnet 4.x. Older names put the generation first,
 * and each of those has limits of its own. https://platform.claude.com/docs/en/api/rate-limits
 */
const FAMILY = /^(claude-(?:opus|sonnet|haiku)-\d{1,3})(?:-|$)/;
const DATED = /^(claude-[a-z0-9-]{1,64}?)-(?:\d{8}|latest)$/;

function familyOf(model: string): string {
  return FAMILY.exec(model)?.[1] ?? DATED.exec(model)?.[1] ?? model;
}

function apiKeyHeaders(key: UpstreamKeyRecord): string[] {
  const headers = ['anthropic-version', VERSION];
  if (key.value !== null) headers.unshift('x-api-key', key.value.reveal());
  return headers;
}

/**
 * Anthropic. Its own dialect is Messages, which the gateway cannot speak yet; until then calls go to its OpenAI-compatible endpoint,
 * whose refusals carry the same words.
 */
export const anthropic: Vendor = defineVendor({
  kind: 'anthropic',
  baseUrl: 'https://api.anthropic.com/v1',
  operations: Object.freeze({ 'chat.completions': OPENAI_OPERATIONS['chat.completions'] }),
  authHeaders: apiKeyHeaders,
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
