import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';
import { allCommands, createProgram } from './program.ts';
import { clean } from './render/clean.ts';
import { createPaint } from './render/paint.ts';
import type { Surroundings } from './terminal.ts';

/** Runs one command line and answers its exit code. Errors go to stderr, with what to do. */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(surroundings, (code) => {
    exitCode = code;
  });
  for (const command of [program, ...program.commands, ...allCommands(program)])
    command.exitOverride().configureOutput(program.configureOutput());
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof CliError)) throw error;
    return report(error, surroundings);
  }
}

function report(error: CliError, { terminal }: Surroundings): number {
  const paint = createPaint(terminal.color);
  const lines = [
    `${paint.bad('error:')} ${clean(error.message)}`,
    ...error.lines,
    ...(error.hint === '' ? [] : [clean(error.hint)]),
  ];
  terminal.err(`${lines.join('\n')}\n`);
  return error.exitCode;
}
