import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Secret } from '@keywell/core/secret/secret';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';

/** The file of a data folder that holds the admin token. */
export const adminTokenFile = (dataDir: string): string => join(resolve(dataDir), 'admin-token');

const MAX_BYTES = 4096;

/** Reads the admin token. Throws a CliError that says what to do when there is none or it is not private. */
export function readAdminToken(dataDir: string): Secret {
  const file = adminTokenFile(dataDir);
  const text = readSmall(file);
  if (text === null)
    throw new CliError(EXIT.unauthorized, `There is no admin token in ${resolve(dataDir)}.`, {
      hint: 'Start the gateway once, or name its data folder with --data.',
    });
  const token = text.trim();
  if (!/^[\u0021-\u007e]{16,512}$/.test(token))
    throw new CliError(EXIT.unauthorized, `${file} does not hold an admin token.`, {
      hint: 'Stop the gateway, remove the file and start again.',
    });
  return new Secret(token);
}

function readSmall(file: string): string | null {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > MAX_BYTES) return '';
    if ((stat.mode & 0o077) !== 0 && process.platform !== 'win32')
      throw new CliError(EXIT.unauthorized, `${file} can be read by other users.`, {
        hint: `Run: chmod 600 ${file}`,
      });
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new CliError(EXIT.unauthorized, `${file} cannot be read (${String(code)}).`, {
      hint: 'Run this as the user that runs the gateway.',
    });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
