/** Files that only their owner may read: created whole or not at all, and refused when others can read them. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StorageError, messageOf } from './storage-error.ts';

const STALE_DRAFT_MS = 60_000;
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Creates the file with mode 0600 and makes it durable; false when it exists already (then it is left alone). */
export function createPrivateFile(file: string, text: string): boolean {
  const draft = draftName(file);
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  const created = publish(draft, file);
  syncFolder(dirname(file));
  return created;
}

/** The name under which a file is built. */
export function draftName(file: string): string {
  return `${file}.${randomBytes(6).toString('hex')}.new`;
}

/** Removes what a killed process left behind while it built this file. */
export function removeStaleDrafts(file: string): void {
  const folder = dirname(file);
  const start = `${basename(file)}.`;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    const isDraft = name.startsWith(start) && /^[0-9a-f]{12}\.new/.test(name.slice(start.length));
    if (isDraft && age > STALE_DRAFT_MS) rmSync(path, { force: true });
  }
}

/** Gives a finished draft its final name; false when the name is taken (the draft is removed then). */
export function publish(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      rmSync(draft);
      return false;
    }
    renameSync(draft, file); // file systems without hard links
    return true;
  }
  rmSync(draft);
  return true;
}

/** Makes names created in a folder survive a power cut; silently does nothing where folders cannot be synced. */
export function syncFolder(folder: string): void {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(folder, constants.O_RDONLY);
    fsyncSync(descriptor);
  } catch {
    // not supported everywhere; the file's own content is synced already
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Reads a small file that only its owner may read; null when there is none. */
export function readPrivateFile(file: string, maxBytes: number): string | null {
  const read = readSmallFile(file, maxBytes);
  if (!read.ok) {
    if (read.code === 'ENOENT') return null;
    throw new StorageError('io', file, `${file}: ${read.message}`);
  }
  if ((read.mode & 0o077) !== 0 && process.platform !== 'win32') {
    throw new StorageError(
      'not_private',
      file,
      `${file} can be read by other users (mode ${octal(read.mode)}). Run: chmod 600 ${file}`,
    );
  }
  return read.bytes.toString('utf8');
}

export type SmallFile =
  | { readonly ok: true; readonly bytes: Buffer; readonly mode: number }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Reads a regular file of bounded size without ever waiting on a pipe or a device. */
export function readSmallFile(file: string, maxBytes: number): SmallFile {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, READ_FLAGS);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return { ok: false, code: 'ENOTFILE', message: 'it is not a regular file' };
    if (stat.size > maxBytes) {
      return { ok: false, code: 'EFBIG', message: `it is larger than ${maxBytes} bytes` };
    }
    const bytes = Buffer.alloc(maxBytes + 1);
    let length = 0;
    while (length <= maxBytes) {
      const got = readSync(descriptor, bytes, length, bytes.length - length, null);
      if (got === 0) break;
      length += got;
    }
    if (length > maxBytes) {
      return { ok: false, code: 'EFBIG', message: `it is larger than ${maxBytes} bytes` };
    }
    return { ok: true, bytes: bytes.subarray(0, length), mode: stat.mode & 0o777 };
  } catch (error) {
    return { ok: false, code: codeOf(error), message: messageOf(error) };
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** The system's error code (`ENOENT`), empty when there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** A file mode as people write it: `0640`. */
export function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`;
}
