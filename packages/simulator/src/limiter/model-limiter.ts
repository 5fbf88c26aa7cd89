/**
 * The limits of one model for one organization and one of its projects. The organization's buckets are shared by all its projects, a
 * project's own come on top: a call is admitted by all of them or by none.
 * OpenAI charges tokens before it answers (input + max_tokens × n) and gives nothing back; refused calls are charged nothing here.
 */
import { goDuration } from './go-duration.ts';
import { fullBucket, levelAt, msUntil, msUntilFull, takeFrom } from './token-bucket.ts';
import type { TokenBucket } from './token-bucket.ts';

export interface LimitSettings {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly requestsPerDay?: number | undefined;
  readonly tokensPerDay?: number | undefined;
}

export type LimitDimension = 'requests_minute' | 'tokens_minute' | 'requests_day' | 'tokens_day';

export interface LimitBucket {
  readonly dimension: LimitDimension;
  readonly level: 'organization' | 'project';
  readonly bucket: TokenBucket;
}

export interface LimitRefusal {
  readonly admitted: false;
  readonly dimension: LimitDimension;
  readonly level: 'organization' | 'project';
  readonly limit: number;
  readonly used: number;
  readonly requested: number;
  /** Until this very call would be admitted; Infinity when it is larger than the limit itself. */
  readonly waitMs: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

/** The buckets that the settings name, full. */
export function limitBuckets(
  settings: LimitSettings | undefined,
  level: LimitBucket['level'],
  now: number,
): LimitBucket[] {
  const buckets: LimitBucket[] = [];
  const add = (dimension: LimitDimension, limit: number | undefined, windowMs: number): void => {
    if (limit !== undefined) {
      buckets.push({ dimension, level, bucket: fullBucket(limit, windowMs, now) });
    }
  };
  add('requests_minute', settings?.requestsPerMinute, MINUTE);
  add('tokens_minute', settings?.tokensPerMinute, MINUTE);
  add('requests_day', settings?.requestsPerDay, DAY);
  add('tokens_day', settings?.tokensPerDay, DAY);
  return buckets;
}

const needOf = (dimension: LimitDimension, tokens: number): number =>
  dimension === 'requests_minute' || dimension === 'requests_day' ? 1 : tokens;

/** Takes one request and its tokens from every bucket, or nothing; of several refusals the one with the longest wait is told. */
export function admitCall(
  buckets: readonly LimitBucket[],
  tokens: number,
  now: number,
): { readonly admitted: true } | LimitRefusal {
  let refusal: LimitRefusal | null = null;
  for (const { dimension, level, bucket } of buckets) {
    const requested = needOf(dimension, tokens);
    const waitMs = msUntil(bucket, requested, now);
    if (waitMs > 0 && (refusal === null || waitMs > refusal.waitMs)) {
      const used = Math.ceil(bucket.limit - levelAt(bucket, now));
      refusal = { admitted: false, dimension, level, limit: bucket.limit, used, requested, waitMs };
    }
  }
  if (refusal !== null) return refusal;
  for (const { dimension, bucket } of buckets) takeFrom(bucket, needOf(dimension, tokens), now);
  return { admitted: true };
}

/** The bucket a header speaks of: of a minute's and a day's the one with less left. */
function tightest(
  buckets: readonly LimitBucket[],
  level: LimitBucket['level'],
  kind: 'requests' | 'tokens',
  now: number,
): TokenBucket | null {
  let chosen: TokenBucket | null = null;
  for (const candidate of buckets) {
    if (candidate.level !== level || !candidate.dimension.startsWith(kind)) continue;
    if (chosen === null || levelAt(candidate.bucket, now) < levelAt(chosen, now)) {
      chosen = candidate.bucket;
    }
  }
  return chosen;
}

/** `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` and, for a project's own token limit, `…-project-tokens`; flat name, value. */
export function limitHeaders(buckets: readonly LimitBucket[], now: number): string[] {
  const headers: string[] = [];
  if (buckets.length === 0) return headers;
  const tell = (bucket: TokenBucket | null, name: string): void => {
    if (bucket === null) return;
    headers.push(
      `x-ratelimit-limit-${name}`,
      String(bucket.limit),
      `x-ratelimit-remaining-${name}`,
      String(Math.max(0, Math.floor(levelAt(bucket, now) + 1e-9))),
      `x-ratelimit-reset-${name}`,
      goDuration(msUntilFull(bucket, now)),
    );
  };
  tell(
    tightest(buckets, 'organization', 'requests', now) ??
      tightest(buckets, 'project', 'requests', now),
    'requests',
  );
  const organizationTokens = tightest(buckets, 'organization', 'tokens', now);
  const projectTokens = tightest(buckets, 'project', 'tokens', now);
  tell(organizationTokens ?? projectTokens, 'tokens');
  tell(projectTokens, 'project-tokens');
  return headers;
}
