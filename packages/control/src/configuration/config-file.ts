import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { MAX_FILE_BYTES } from './parse-text.ts';
import { type Problem, fileProblem } from './problem.ts';

export type FileContent =
  | { readonly kind: 'read'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** Reads a configuration file whole, without waiting on a pipe and without taking in more than a configuration can be. */
export function readConfigFile(file: string): FileContent {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile())
      return refused(file, 'It is not a regular file.', 'Name a file, not a folder or a pipe.');
    const bytes = Buffer.alloc(Math.min(stat.size, MAX_FILE_BYTES) + 1);
    let length = 0;
    while (length < bytes.length) {
      const got = readSync(descriptor, bytes, length, bytes.length - length, null);
      if (got === 0) break;
      length += got;
    }
    return { kind: 'read', bytes: bytes.subarray(0, length) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
    if (code === 'EACCES')
      return refused(file, 'This process may not read it.', 'Give its user the right to read it.');
    return refused(file, `It cannot be read (${code}).`, 'Check the path and the disk.');
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function refused(file: string, message: string, hint: string): FileContent {
  return { kind: 'refused', problem: fileProblem(file, message, hint) };
}
