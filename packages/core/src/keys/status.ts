import type { CooldownScope, Dimension, VerdictClass } from './verdict.ts';

/** A cooldown in force, as people see it. */
export interface CooldownStatus {
  /** Stable name of what is cooled: `key:openai/a`, `node:openai/org-1`, `node_group:openai/org-1#gpt-5`. */
  readonly scopeId: string;
  readonly scope: CooldownScope;
  readonly class: VerdictClass;
  readonly dimension: Dimension;
  readonly endsInMs: number;
  readonly authoritative: boolean;
  /** What in the provider's answer said so; empty when it is not known any more. */
  readonly evidence: string;
}

export type DomainSource = 'pinned' | 'named' | 'inferred' | 'own';

/** One upstream key, as `keywell keys list` and the console show it. */
export interface KeyStatus {
  readonly provider: string;
  readonly key: string;
  readonly fingerprint: string;
  /** Path of its quota domain, joined by `/`. */
  readonly domain: string;
  /** Who says so: the file's `domain`, its `organization` and `project`, the account responses named, or nobody. */
  readonly domainSource: DomainSource;
  readonly weight: number;
  readonly inFlight: number;
  readonly attempts: number;
  readonly successes: number;
  readonly failures: number;
  readonly state: 'ready' | 'partly_cooled' | 'cooled';
  /** Everything that binds this key at present, its domain's and endpoint's cooldowns included. */
  readonly cooldowns: readonly CooldownStatus[];
}

/** One pool, tier by tier. */
export interface PoolStatus {
  readonly pool: string;
  readonly tiers: readonly {
    readonly tier: number;
    readonly candidates: number;
    readonly eligible: number;
    /** Until the first cooled candidate comes back, milliseconds; null when none is cooled. */
    readonly nextInMs: number | null;
  }[];
  /** Requests and retries of the last ten seconds, from which the retry budget follows. */
  readonly requests10s: number;
  readonly retries10s: number;
}

/** Which cooldown is meant: the table holds one of each. */
export type CooldownName = Pick<CooldownStatus, 'scopeId' | 'class' | 'dimension'>;

/** A cooldown that was set or cleared, to be persisted and, later, shared between nodes. Plain data. */
export interface CooldownChange {
  readonly action: 'set' | 'cleared';
  readonly scopeId: string;
  readonly scope: CooldownScope;
  readonly class: VerdictClass;
  readonly dimension: Dimension;
  /** Wall clock, epoch milliseconds; 0 when cleared. */
  readonly endsAt: number;
  readonly authoritative: boolean;
  /** How often the same heuristic cooldown has been set in a row; drives its back-off. */
  readonly strikes: number;
  readonly evidence: string;
  /** Cleared because the provider itself is suspected, and put back should that be wrong. */
  readonly setAside?: boolean;
  /** The smallest need it binds, where funds are gone for larger ones alone. Absent: every request. */
  readonly refusedNeed?: number;
  /** The one credential it is about, by fingerprint: a cooldown does not outlive its credential. Absent where several share it. */
  readonly fingerprint?: string;
}
