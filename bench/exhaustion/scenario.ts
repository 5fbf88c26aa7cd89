// What happens in one run of the bench, the same for every strategy: drawn once from a mix and a seed.
import type { LimitCounts, LimitRule } from './limiter.ts';
import type { RequestView, World, WorldKey } from './strategy.ts';

/** How a provider writes its headers and errors. */
export type Face = 'openai' | 'anthropic' | 'cerebras' | 'silent';

export interface KeySpec extends WorldKey {
  readonly face: Face;
  readonly limits: readonly LimitRule[];
  /** Factor of every `remaining` it tells; `flapping` draws one for each response; 1 is the truth. */
  readonly lie: number | 'flapping';
  readonly troubles: readonly Trouble[];
  /** Calls of others who use the same account. */
  readonly outside: readonly OutsideCall[];
}

/** A time in which a key, or its provider, is not well. */
export interface Trouble {
  readonly kind: 'dead' | 'no_funds' | 'unreachable' | 'overloaded' | 'server_error';
  readonly from: number;
  readonly until: number;
  /** Share of attempts it hits. */
  readonly share: number;
}

export interface OutsideCall {
  readonly at: number;
  readonly size: Size;
}

/** What providers charge by. */
export interface Size {
  readonly inputTokens: number;
  /** Most output that it asked for. */
  readonly allowance: number;
}

/** A request with what only the bench and the oracle know of it. */
export interface RequestSpec {
  readonly view: RequestView;
  readonly size: Size;
  readonly outputTokens: number;
  /** What it seems to take from outside: its bytes at the mean of all, and what it allows. */
  readonly apparentTokens: number;
  readonly patienceMs: number;
  /** From sending it until the provider has it, until its first byte is back, and how long it then goes on. */
  readonly upMs: number;
  readonly firstByteMs: number;
  readonly bodyMs: number;
  /** Uniform in [0, 1): decides which of its attempts fail where a share of attempts does. */
  readonly luck: number;
}

export interface Scenario {
  readonly mix: string;
  readonly seed: number;
  readonly keys: readonly KeySpec[];
  readonly tenants: readonly { readonly weight: number; readonly worker: number }[];
  readonly workers: number;
  /** In order of arrival. */
  readonly requests: readonly RequestSpec[];
  readonly durationMs: number;
  /** No request takes longer than this to reach a provider. */
  readonly mostUpMs: number;
  /** The longest patience a request may have. */
  readonly maxWaitMs: number;
  /** Whether what headers say is true: only then do they imply anything. */
  readonly truthful: boolean;
}

export const WALL_START = Date.UTC(2026, 8, 1, 12, 0, 0);

export function worldOf({ keys, tenants, workers, maxWaitMs }: Scenario): World {
  return {
    keys: keys.map(({ name, provider, kind }) => ({ name, provider, kind })),
    tenants,
    workers,
    maxWaitMs,
    model: 'gpt-5',
    wallStart: WALL_START,
  };
}

/** What a request takes of a limit when it is admitted. Output that counts as produced needs a bucket that is not empty. */
export function needOf(counts: LimitCounts, size: Size): number {
  switch (counts) {
    case 'requests':
      return 1;
    case 'tokens':
      return size.inputTokens + size.allowance;
    case 'input_tokens':
      return size.inputTokens;
    default:
      return 1;
  }
}

/** What is charged right at admission. */
export const chargeOf = (counts: LimitCounts, size: Size): number =>
  counts === 'output_tokens' ? 0 : needOf(counts, size);
