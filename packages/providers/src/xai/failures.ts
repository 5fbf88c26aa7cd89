import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import {
  DEAD,
  ORGANIZATION_FUNDS,
  REQUESTS_WINDOW,
  TOKENS_WINDOW,
  WINDOW,
} from '../compatible/verdicts.ts';

/**
 * xAI: `{"code":"…","error":"text"}`. A team without credits is refused with 403 or 429, and its limit a second is refused under the
 * same code as its credits, so the sentences decide.
 */
const TEAM_LIMIT =
  "^Too many requests for team \\S{1,64} and model \\S{1,100}\\. (?:Your team's rate limit is (?:-|—) )?";

const XAI_RULES: readonly FailureRule[] = [
  {
    name: 'used-all-credits',
    status: [200, 402, 403, 429],
    message: /^Your team \S{1,64} has either used all available credits\b/,
    verdict: ORGANIZATION_FUNDS,
  },
  {
    name: 'no-credits-yet',
    status: [200, 402, 403, 429],
    message: /^Your newly created team doesn't have any credits or licenses yet\b/,
    verdict: ORGANIZATION_FUNDS,
  },
  {
    name: 'out-of-credits',
    status: [200, 402, 403, 429],
    message: /^You have run out of credits\b/,
    verdict: ORGANIZATION_FUNDS,
  },
  {
    name: 'requests-second',
    status: [200, 429],
    message: new RegExp(
      `${TEAM_LIMIT}Requests per Second \\(actual/limit\\): (?<used>\\d{1,9})/(?<limit>\\d{1,9})`,
    ),
    verdict: { ...WINDOW, dimension: 'requests_second' },
  },
  {
    name: 'requests-minute',
    status: [200, 429],
    message: new RegExp(
      `${TEAM_LIMIT}Requests per Minute \\(actual/limit\\): (?<used>\\d{1,9})/(?<limit>\\d{1,9})`,
    ),
    verdict: REQUESTS_WINDOW,
  },
  {
    name: 'tokens-minute',
    status: [200, 429],
    message: new RegExp(
      `${TEAM_LIMIT}Tokens per Minute \\(actual/limit\\): (?<used>\\d{1,12})/(?<limit>\\d{1,12})`,
    ),
    verdict: TOKENS_WINDOW,
  },
  {
    name: 'incorrect-key',
    status: [400, 401, 403],
    message:
      /^Incorrect API key provided(?:: \S{1,64})?\. You can obtain an API key from https:\/\/console\.x\.ai\.?$/,
    verdict: DEAD,
  },
];

/** The table of `xai`. */
export const XAI_FAILURES: readonly FailureRule[] = Object.freeze([
  ...XAI_RULES,
  ...COMPATIBLE_FAILURES,
]);
