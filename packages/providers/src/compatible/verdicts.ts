import type { RuleVerdict } from './failure-rule.ts';

/** What rows of failure tables conclude; a row that means something else spreads one of these and says what differs. */

export const FUNDS: RuleVerdict = Object.freeze({
  class: 'funds_exhausted',
  scope: 'node',
  dimension: 'spend',
  ends: 'far_wait',
});
/** The whole account is out of funds, whatever project the key belongs to. */
export const ORGANIZATION_FUNDS: RuleVerdict = Object.freeze({ ...FUNDS, level: 'organization' });
export const PROJECT_FUNDS: RuleVerdict = Object.freeze({ ...FUNDS, level: 'project' });
export const DAILY: RuleVerdict = Object.freeze({
  class: 'window_exhausted_long',
  scope: 'node_group',
  ends: 'wait',
});
export const TOO_LARGE: RuleVerdict = Object.freeze({
  class: 'too_large_for_limit',
  scope: 'node_group',
  ends: 'none',
});
export const WINDOW: RuleVerdict = Object.freeze({
  class: 'window_exhausted_short',
  scope: 'node_group',
  ends: 'wait',
});
export const REQUESTS_WINDOW: RuleVerdict = Object.freeze({
  ...WINDOW,
  dimension: 'requests_minute',
});
export const TOKENS_WINDOW: RuleVerdict = Object.freeze({ ...WINDOW, dimension: 'tokens_minute' });
export const CONCURRENCY: RuleVerdict = Object.freeze({
  class: 'concurrency',
  scope: 'node',
  dimension: 'concurrency',
  ends: 'wait',
});
/** A process that serves so many at once and no more, for all its keys. */
export const BUSY_PROCESS: RuleVerdict = Object.freeze({ ...CONCURRENCY, scope: 'endpoint' });
export const SLOW_DOWN: RuleVerdict = Object.freeze({
  class: 'slow_down',
  scope: 'node_group',
  ends: 'wait',
});
export const EXPIRED: RuleVerdict = Object.freeze({
  class: 'credential_expired',
  scope: 'key',
  ends: 'none',
});
export const DEAD: RuleVerdict = Object.freeze({
  class: 'credential_dead',
  scope: 'key',
  ends: 'none',
});
export const LEAKED: RuleVerdict = Object.freeze({ ...DEAD, probe: 'never' });
export const CLOCK: RuleVerdict = Object.freeze({
  class: 'clock_fault',
  scope: 'key',
  ends: 'none',
});
export const REGION: RuleVerdict = Object.freeze({
  class: 'region_blocked',
  scope: 'egress',
  ends: 'none',
});
export const FORBIDDEN: RuleVerdict = Object.freeze({
  class: 'model_forbidden',
  scope: 'key_group',
  ends: 'none',
});
export const OVERLOADED: RuleVerdict = Object.freeze({
  class: 'provider_overloaded',
  scope: 'endpoint_group',
  ends: 'header_wait',
});
export const TRANSIENT: RuleVerdict = Object.freeze({
  class: 'transient',
  scope: 'endpoint',
  ends: 'header_wait',
});
export const CALLER: RuleVerdict = Object.freeze({
  class: 'caller_fault',
  scope: 'none',
  ends: 'none',
});
/** Nobody is marked: the refusal says nothing about key, domain or endpoint. */
export const NOTHING: RuleVerdict = Object.freeze({
  class: 'unknown',
  scope: 'none',
  ends: 'none',
});
