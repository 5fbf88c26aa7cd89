/** Ends a command with a message, what to do, and an exit code. */
export class CliError extends Error {
  readonly exitCode: number;
  /** What would help; may be empty. */
  readonly hint: string;
  /** Further lines, such as the problems of a configuration. */
  readonly lines: readonly string[];

  constructor(
    exitCode: number,
    message: string,
    { hint = '', lines = [] }: { hint?: string; lines?: readonly string[] } = {},
  ) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
    this.lines = lines;
  }
}
