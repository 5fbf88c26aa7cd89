import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SERVER = join(import.meta.dirname, '../apps/server/src/main.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywell-warm-up-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a warm-up', () => {
  it('compiles what a node and each of its threads load, starts nothing and ends', () => {
    const cache = join(folder, 'cache');
    const done = spawnSync(process.execPath, [SERVER], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, KEYWELL_TUNED: 'warm-up', NODE_COMPILE_CACHE: cache },
    });
    expect([done.status, done.stdout]).toEqual([0, '']);
    expect(readdirSync(folder)).toEqual(['cache']);
    const compiled = readdirSync(cache, { recursive: true, encoding: 'utf8' });
    expect(compiled.length).toBeGreaterThan(200);
    const again = spawnSync(
      process.execPath,
      ['-e', `import(${JSON.stringify(SERVER)}).then(() => console.log(stripped()))`].map((each) =>
        each.replace('stripped()', "process.moduleLoadList.some((m) => m.includes('deps/amaro'))"),
      ),
      {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, KEYWELL_TUNED: 'warm-up', NODE_COMPILE_CACHE: cache },
      },
    );
    expect(again.stdout).toBe('false\n');
  });
});
