import type { CooldownChange } from '@keywell/core/keys/status';

/** Keeps the cooldowns in force, so that a restarted node never calls a key it knows to be dry. */
export interface CooldownStore {
  /**
   * Durable against a killed process when it returns. `set` replaces what is kept for the same scope, class and dimension, `cleared`
   * removes it; several changes are one transaction. Synchronous: it is called right after a verdict, before anything else can happen.
   * Throws when it cannot be written (a full disk); the caller's own table still holds the cooldown then.
   */
  applyNow(changes: readonly CooldownChange[]): void;
  /** The cooldowns that end after `wallNow`; ended ones are dropped for good. Ordered by scope, class, dimension. */
  load(wallNow: number): Promise<readonly CooldownChange[]>;
}
