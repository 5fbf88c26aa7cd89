/** What one request is assumed to weigh against tokens where the pool's limits are not known. */
const TOKENS_PER_REQUEST = 1000;
/** By how much more of one a share may have taken than of the other, in requests: what it takes of the other meanwhile costs it nothing. */
const MOST_AHEAD = 64;

/** What calls take of a pool, of its requests and of its tokens, both counted in requests. */
export interface CallCost {
  readonly requests: number;
  readonly tokens: number;
}

export const NO_COST: CallCost = Object.freeze({ requests: 0, tokens: 0 });

/** What one call takes. `tokensPerRequest` is how many tokens the pool's limits grant for each request they grant; null where nobody knows. */
export const callCost = (tokens: number, tokensPerRequest: number | null): CallCost => ({
  requests: 1,
  tokens: tokens / (tokensPerRequest ?? TOKENS_PER_REQUEST),
});

/** The part of the pool of which it takes most. */
export const dominantOf = ({ requests, tokens }: CallCost): number => Math.max(requests, tokens);

/** How much more of a pool's requests than of its tokens a share has taken, and what that makes of a cost. */
export interface Charge {
  readonly ahead: number;
  readonly cost: number;
}

/**
 * What a share is charged: by how much the larger of what it has taken of requests and of tokens grows. Of small and large calls together
 * that is less than the sum of what each takes most. Source: dominant resource fairness (Ghodsi et al., NSDI 2011).
 */
export function chargeOf(ahead: number, { requests, tokens }: CallCost): Charge {
  const after = ahead + requests - tokens;
  return {
    cost: Math.max(ahead + requests, tokens) - Math.max(ahead, 0),
    ahead: Math.max(-MOST_AHEAD, Math.min(MOST_AHEAD, after)),
  };
}
