import type { SpendStatus } from '@keywell/core/budgets/spend';
import type { PoolMember } from '@keywell/core/forecast/binding-limits';
import type { LimitSample } from '@keywell/core/forecast/limit-sample';
import type { CooldownChange, KeyStatus, PoolStatus } from '@keywell/core/keys/status';
import type { VerdictClass } from '@keywell/core/keys/verdict';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';

/** What the control plane sees of the workers that serve traffic. */
export interface DataPlane {
  /** Puts a snapshot in force; resolves when every worker that listens has it. */
  publish(snapshot: Snapshot): Promise<void>;
  keys(): readonly KeyStatus[];
  pools(): readonly PoolStatus[];
  /** What has been spent of every budget there is. */
  spend(): readonly SpendStatus[];
  /** What is known of every limit at present. */
  limits(): readonly LimitSample[];
  /** The quota domains and limit groups each pool draws on. */
  poolMembers(): ReadonlyMap<string, readonly PoolMember[]>;
  /** Ends cooldowns before their time; an empty filter means all of them. */
  clearCooldowns(filter: CooldownFilter): readonly CooldownChange[];
  status(): DataPlaneStatus;
}

export interface CooldownFilter {
  provider?: string;
  key?: string;
  /** One scope alone, by its id. */
  scopeId?: string;
  /** Cooldowns of this class alone. */
  class?: VerdictClass;
}

export interface DataPlaneStatus {
  /** Version and hash of the snapshot in force. */
  readonly version: number;
  readonly hash: string;
  readonly workers: readonly WorkerStatus[];
  /** Workers replaced after a crash since the start. */
  readonly restarts: number;
  readonly draining: boolean;
}

export interface WorkerStatus {
  readonly worker: number;
  /** Grows each time the worker is replaced. */
  readonly epoch: number;
  readonly listening: boolean;
}
