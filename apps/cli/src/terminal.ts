/** Where a command writes, and how. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** True when the output is a screen that can be redrawn. */
  readonly screen: boolean;
  readonly color: boolean;
}

/** The options every command has. */
export interface GlobalOptions {
  readonly data: string;
  readonly adminUrl: string;
  readonly json: boolean;
}

/** What a command works with; tests pass their own. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** Resolves after that time, or at once when the signal fires. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Fires when the operator wants it to end (Ctrl-C). */
  readonly ended: AbortSignal;
  /** Runs a verb of apps/server with this terminal and resolves with its exit code. */
  readonly runServer: (args: readonly string[]) => Promise<number>;
  /** The same, silently, with what it printed. */
  readonly askServer: (args: readonly string[]) => Promise<{ code: number; out: string }>;
}
