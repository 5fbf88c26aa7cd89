import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { renderChanges, renderProblem } from '../render/problems.ts';
import { type RunContext, show } from './run-context.ts';

const MAX_BYTES = 4 * 1024 * 1024;

/** `keywell diff [FILE]`: a file, or without one the gateway's own as it is now, against what runs. */
export async function diff(context: RunContext, file: string | undefined): Promise<void> {
  const body = file === undefined ? {} : { text: readText(file) };
  const result = await context.client.call(ADMIN_ROUTES.diff, { body });
  show(context, result, ({ changes, warnings }) => {
    const lines = warnings.map((each) => `${renderProblem('warning', each)}\n`);
    return renderChanges(changes, context.paint) + lines.join('');
  });
}

function readText(file: string): string {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > MAX_BYTES)
      throw new CliError(EXIT.refused, `${file} is not a file of at most 4 MiB.`);
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new CliError(EXIT.failed, `${file} cannot be read (${code}).`, {
      hint: 'Check the path.',
    });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
