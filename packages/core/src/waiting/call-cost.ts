/** What one request is assumed to weigh against tokens where the pool's limits are not known. */
const TOKENS_PER_REQUEST = 1000;

/**
 * What a call takes of its tenant's share: its dominant share, counted in requests. `tokensPerRequest` is how many tokens the pool's
 * limits grant for each request they grant.
 */
export function callCost(tokens: number, tokensPerRequest: number = TOKENS_PER_REQUEST): number {
  return Math.max(1, tokens / tokensPerRequest);
}
