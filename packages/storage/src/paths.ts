/** The data folder: which files it holds, that only its owner may look into it, and that only one process uses it. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Secret } from '@keywell/core/secret/secret';
import { createPrivateFile, octal, readPrivateFile, readSmallFile } from './private-file.ts';
import { StorageError, messageOf } from './storage-error.ts';

/** Absolute names of everything in a data folder. */
export interface DataPaths {
  readonly dir: string;
  readonly database: string;
  readonly cooldowns: string;
  readonly budgets: string;
  readonly objects: string;
  readonly masterKey: string;
  readonly adminToken: string;
  readonly lock: string;
  readonly process: string;
  /** Folder of the request log's monthly files. */
  readonly requestLog: string;
}

/** The names, without touching anything. */
export function dataPaths(dir: string): DataPaths {
  const root = resolve(dir);
  return Object.freeze({
    dir: root,
    database: join(root, 'keywell.sqlite'),
    cooldowns: join(root, 'cooldowns.sqlite'),
    budgets: join(root, 'budgets.sqlite'),
    objects: join(root, 'objects.sqlite'),
    masterKey: join(root, 'master-key'),
    adminToken: join(root, 'admin-token'),
    lock: join(root, 'keywell.lock'),
    process: join(root, 'keywell.process.json'),
    requestLog: join(root, 'request-log'),
  });
}

/** The process that uses a folder. */
export interface FolderHolder {
  readonly pid: number;
  /** Wall clock, epoch milliseconds. */
  readonly startedAt: number;
}

/** A data folder that this process alone uses until `release` or its own end, however that comes. */
export interface DataFolder {
  readonly paths: DataPaths;
  /** True when this call created the folder. */
  readonly created: boolean;
  /** Read, or made at the first call; throws StorageError when others can read it. */
  adminToken(): Secret;
  release(): void;
}

export type DataFolderOpened =
  | { readonly ok: true; readonly folder: DataFolder }
  | {
      readonly ok: false;
      readonly code: 'not_a_folder' | 'not_private' | 'in_use' | 'io';
      /** What is wrong and what would be right. */
      readonly message: string;
    };

/** Opens the folder for this process alone, creating it (0700) when missing. `startedAt` is shown to whoever finds it in use. */
export function openDataFolder(dir: string, startedAt: number): DataFolderOpened {
  const paths = dataPaths(dir);
  try {
    const created = createFolder(paths.dir);
    const problem = checkFolder(paths.dir);
    if (problem !== null) return problem;
    const lock = takeLock(paths.lock);
    if (lock === null) return inUse(paths);
    replacePrivateFile(paths.process, `${JSON.stringify({ pid: process.pid, startedAt })}\n`);
    return { ok: true, folder: dataFolder(paths, created, lock) };
  } catch (error) {
    return { ok: false, code: 'io', message: `${paths.dir} cannot be used: ${messageOf(error)}` };
  }
}

/** Reads the admin token of a folder, for a process that does not hold it; null when there is none yet. */
export function readAdminToken(dir: string): Secret | null {
  const { adminToken } = dataPaths(dir);
  const text = readPrivateFile(adminToken, 4096);
  if (text === null) return null;
  const token = text.trim();
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) {
    throw new StorageError(
      'corrupt',
      adminToken,
      `${adminToken} is damaged. Remove it and restart.`,
    );
  }
  return new Secret(token);
}

function dataFolder(paths: DataPaths, created: boolean, lock: DatabaseSync): DataFolder {
  return Object.freeze({
    paths,
    created,
    adminToken: () => {
      const known = readAdminToken(paths.dir);
      if (known !== null) return known;
      const token = randomBytes(32).toString('base64url');
      createPrivateFile(paths.adminToken, `${token}\n`);
      return new Secret(token);
    },
    release: () => {
      if (!lock.isOpen) return;
      rmSync(paths.process, { force: true });
      lock.close();
    },
  });
}

/** True when the folder was made just now; a new one tells git to look away. */
function createFolder(dir: string): boolean {
  const first = mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (first === undefined) return false;
  chmodSync(dir, 0o700);
  writeFileSync(join(dir, '.gitignore'), '*\n', { mode: 0o600 });
  return true;
}

function checkFolder(dir: string): Exclude<DataFolderOpened, { ok: true }> | null {
  const stat = statSync(dir);
  if (!stat.isDirectory()) {
    return { ok: false, code: 'not_a_folder', message: `${dir} is not a folder` };
  }
  if (process.platform === 'win32' || (stat.mode & 0o077) === 0) return null;
  return {
    ok: false,
    code: 'not_private',
    message: `other users can look into ${dir} (mode ${octal(stat.mode)}). Run: chmod 700 ${dir}`,
  };
}

/**
 * The lock is the operating system's own lock on an SQLite file that never holds anything: it ends with its process however that ends,
 * so no stale lock has to be told from a live one. Null when another process, or another part of this one, has it.
 */
function takeLock(file: string): DatabaseSync | null {
  createPrivateFile(file, '');
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('pragma journal_mode = memory');
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    if (isBusy(error)) return null;
    throw error;
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function inUse(paths: DataPaths): DataFolderOpened {
  const holder = readHolder(paths);
  const who =
    holder === null
      ? 'another process'
      : `process ${holder.pid}, running since ${new Date(holder.startedAt).toISOString()}`;
  return {
    ok: false,
    code: 'in_use',
    message: `${paths.dir} is in use by ${who}. Stop it first, or choose another folder with --data.`,
  };
}

/** Who uses the folder, as far as its file tells; null when it tells nothing. */
export function readHolder(paths: DataPaths): FolderHolder | null {
  const read = readSmallFile(paths.process, 4096);
  if (!read.ok) return null;
  try {
    const value: unknown = JSON.parse(read.bytes.toString('utf8'));
    if (typeof value !== 'object' || value === null) return null;
    const pid = 'pid' in value ? value.pid : null;
    const startedAt = 'startedAt' in value ? value.startedAt : null;
    if (typeof pid !== 'number' || !isInstant(startedAt)) return null;
    return { pid, startedAt };
  } catch {
    return null;
  }
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

function replacePrivateFile(file: string, text: string): void {
  rmSync(file, { force: true });
  createPrivateFile(file, text);
}
