import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Secret } from '@keywell/core/secret/secret';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memorySettingStore } from '../settings/memory-setting-store.ts';
import type { SettingStore } from '../settings/setting-store.ts';
import { type MasterKey, isSealed, openMasterKey } from './master-key.ts';

const place = { purpose: 'upstream-key', rowId: 'openai/a' };

describe('the master key', () => {
  let dir: string;
  let file: string;
  let settings: SettingStore;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'keywell-master-key-'));
    file = join(dir, 'master-key');
    settings = memorySettingStore();
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  const open = (): Promise<MasterKey> => openMasterKey({ file, settings });

  it('is made once, for its owner only, and read from then on', async () => {
    const first = await open();
    const text = readFileSync(file, 'utf8');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(text, 'base64')).toHaveLength(32);
    const second = await open();
    expect(second.id).toBe(first.id);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(inspect(first, { depth: 9, showHidden: true })).not.toContain(text.trim());
  });

  it('seals and opens, each time in another form', async () => {
    const key = await open();
    for (const value of ['', 'sk-canary', 'é漢😀\u0000', 'x'.repeat(100_000)]) {
      const sealed = key.seal(new Secret(value), place);
      expect(sealed).toMatch(/^kwenc:v1:[0-9a-f]{16}:[A-Za-z0-9_-]+$/);
      expect(isSealed(sealed)).toBe(true);
      expect(key.seal(new Secret(value), place)).not.toBe(sealed);
      const opened = (await open()).open(sealed, place);
      expect(opened.ok && opened.secret.reveal()).toBe(value);
    }
  });

  it('opens nothing that was moved, changed, cut or sealed with another key', async () => {
    const key = await open();
    const sealed = key.seal(new Secret('sk-canary'), place);
    const data = sealed.slice(sealed.lastIndexOf(':') + 1);
    const other = await openMasterKey({
      file: join(dir, 'other'),
      settings: memorySettingStore(),
    });
    const flipped = Buffer.from(data, 'base64url');
    flipped[13] = (flipped[13] ?? 0) ^ 1;
    const wrong: readonly (readonly [string, typeof place])[] = [
      [sealed, { ...place, rowId: 'openai/b' }],
      [sealed, { ...place, purpose: 'webhook' }],
      [sealed, { purpose: 'upstream-key","openai/a', rowId: '' }],
      [`kwenc:v1:${key.id}:${flipped.toString('base64url')}`, place],
      [sealed.slice(0, -4), place],
      [`kwenc:v1:${key.id}:AAAA`, place],
      [`kwenc:v1:${key.id}`, place],
      [`${sealed}:x`, place],
      [sealed.replace('v1', 'v2'), place],
      ['sk-canary', place],
      [other.seal(new Secret('sk-canary'), place), place],
    ];
    for (const [text, where] of wrong) {
      const opened = key.open(text, where);
      expect(opened.ok).toBe(false);
      expect(JSON.stringify(opened)).not.toContain('sk-canary');
    }
  });

  it('is refused when other users can read it', async () => {
    await open();
    for (const mode of [0o640, 0o604, 0o660]) {
      chmodSync(file, mode);
      await expect(open()).rejects.toThrow(`chmod 600 ${file}`);
    }
  });

  it.each(['', 'short', Buffer.alloc(31).toString('base64'), 'A'.repeat(44), 'x'.repeat(9_000)])(
    'is refused when the file does not hold one: %s',
    async (text) => {
      writeFileSync(file, text, { mode: 0o600 });
      await expect(open()).rejects.toThrow(file);
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  it('is never made again when it was there before', async () => {
    const { id } = await open();
    rmSync(file);
    await expect(open()).rejects.toThrow(`sealed with it (key ${id})`);
    await openMasterKey({ file, settings: memorySettingStore() });
    await expect(open()).rejects.toThrow('Put the right file back');
  });
});
