import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@keywell/core/secret/secret';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataFolder, openDataFolder, readAdminToken, readHolder } from './paths.ts';
import { openMasterKey } from './secrets/master-key.ts';
import { sqlSettingStore } from './settings/sql-setting-store.ts';
import { sqlSnapshotStore } from './snapshots/sql-snapshot-store.ts';
import { openDatabase } from './sqlite/database.ts';

const STARTED_AT = 1_790_000_000_000;

describe('the data folder', () => {
  let root: string;
  let dir: string;
  const folders: DataFolder[] = [];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'keywell-data-'));
    dir = join(root, 'data');
  });
  afterEach(() => {
    for (const folder of folders.splice(0)) folder.release();
    rmSync(root, { recursive: true, force: true });
  });
  const open = (): DataFolder => {
    const opened = openDataFolder(dir, STARTED_AT);
    if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
    folders.push(opened.folder);
    return opened.folder;
  };

  it('is created for its owner only, and hidden from git', () => {
    const folder = open();
    expect(folder.created).toBe(true);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o77).toBe(0);
    expect(readFileSync(join(dir, '.gitignore'), 'utf8')).toBe('*\n');
    folder.release();
    expect(open().created).toBe(false);
  });

  it('is refused, with the command to run, when others can look into it', () => {
    for (const mode of [0o755, 0o750, 0o701]) {
      rmSync(dir, { recursive: true, force: true });
      mkdirSync(dir);
      chmodSync(dir, mode);
      const opened = openDataFolder(dir, STARTED_AT);
      expect(opened).toMatchObject({ ok: false, code: 'not_private' });
      expect(opened.ok ? '' : opened.message).toContain(`chmod 700 ${dir}`);
      expect(readdirSync(dir)).toEqual([]);
    }
  });

  it('is refused when it is a file', () => {
    writeFileSync(dir, '');
    expect(openDataFolder(dir, STARTED_AT)).toMatchObject({ ok: false, code: 'io' });
  });

  it('belongs to one holder at a time', () => {
    const folder = open();
    expect(readHolder(folder.paths)).toEqual({ pid: process.pid, startedAt: STARTED_AT });
    const second = openDataFolder(dir, STARTED_AT + 1);
    expect(second).toMatchObject({ ok: false, code: 'in_use' });
    expect(second.ok ? '' : second.message).toContain(`process ${process.pid}, running since 2026`);
    folder.release();
    folder.release();
    expect(readHolder(folder.paths)).toBeNull();
    open();
  });

  it('is free again the moment its process is killed', async () => {
    const script = `
      import { openDataFolder } from ${JSON.stringify(new URL('./paths.ts', import.meta.url).href)};
      const opened = openDataFolder(${JSON.stringify(dir)}, ${STARTED_AT});
      process.stdout.write(opened.ok ? 'ok' : opened.message);
      setInterval(() => opened, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    for await (const chunk of child.stdout) {
      expect(String(chunk)).toBe('ok');
      break;
    }
    const meanwhile = openDataFolder(dir, STARTED_AT);
    expect(meanwhile.ok ? '' : meanwhile.message).toContain(`process ${child.pid}`);
    child.kill('SIGKILL');
    await ended;
    open();
  });

  it('holds an admin token for its owner only', () => {
    expect(readAdminToken(dir)).toBeNull();
    const folder = open();
    const token = folder.adminToken();
    expect(token.reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(folder.adminToken().reveal()).toBe(token.reveal());
    expect(readAdminToken(dir)?.reveal()).toBe(token.reveal());
    expect(statSync(folder.paths.adminToken).mode & 0o777).toBe(0o600);
    chmodSync(folder.paths.adminToken, 0o644);
    expect(() => readAdminToken(dir)).toThrow('chmod 600');
    chmodSync(folder.paths.adminToken, 0o600);
    writeFileSync(folder.paths.adminToken, 'changeme');
    expect(() => folder.adminToken()).toThrow('damaged');
  });

  it('never holds a literal secret in clear', async () => {
    const { paths } = open();
    const canary = 'sk-canary-7f3a9c51';
    const database = await openDatabase({ file: paths.database });
    const settings = sqlSettingStore(database.db);
    const key = await openMasterKey({ file: paths.masterKey, settings });
    const sealed = key.seal(new Secret(canary), { purpose: 'upstream-key', rowId: 'openai/a' });
    const text = JSON.stringify({ keys: [{ id: 'a', value: sealed }] });
    const saved = { version: 1, hash: 'h', savedAt: STARTED_AT, text };
    await sqlSnapshotStore(database.db).save(saved);
    const masterKey = readFileSync(paths.masterKey, 'utf8').trim();
    const expectNoSecret = (): void => {
      for (const name of readdirSync(dir)) {
        const content = readFileSync(join(dir, name)).toString('latin1');
        expect(content).not.toContain(canary);
        expect(content.includes(masterKey)).toBe(join(dir, name) === paths.masterKey);
      }
    };
    expectNoSecret();
    await database.close();
    expectNoSecret();
  });
});
