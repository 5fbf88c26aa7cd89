/** A configuration that was published, as it can be published again after a restart. */
export interface SavedSnapshot {
  readonly version: number;
  readonly hash: string;
  /** Wall clock, epoch milliseconds. */
  readonly savedAt: number;
  /** The configuration as JSON: secrets as references, literal ones sealed. */
  readonly text: string;
}

/** How many configurations are kept. */
export const KEPT_SNAPSHOTS = 5;

/** Keeps the last good configurations. */
export interface SnapshotStore {
  /** Durable when it resolves. The same version again replaces what was saved for it; the oldest beyond five are dropped. */
  save(snapshot: SavedSnapshot): Promise<void>;
  /** The one with the highest version; null when none was ever saved. */
  latest(): Promise<SavedSnapshot | null>;
  /** Newest first. */
  list(): Promise<readonly SavedSnapshot[]>;
}
