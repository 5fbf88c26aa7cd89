import type { ObjectChange, OwnedObject } from '@keywell/core/ownership/owned-object';

/** Keeps which consumer owns what at a provider, so that a restart takes nobody's files away. */
export interface ObjectStore {
  /**
   * Keeps and drops in this order, as one transaction, durable against a killed process when it returns. Throws when it cannot be written
   * (a full disk): then hand the same over again.
   */
  applyNow(changes: readonly ObjectChange[]): void;
  /** Everything that is kept, the oldest first. */
  load(): Promise<readonly OwnedObject[]>;
}
