import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { cooldown, describeCooldownStore } from './cooldown-store.contract.ts';
import { memoryCooldownStore } from './memory-cooldown-store.ts';
import { type OpenCooldownStore, openCooldownStore } from './sql-cooldown-store.ts';

const opened: { readonly dir: string; readonly store: OpenCooldownStore }[] = [];
afterEach(async () => {
  for (const { dir, store } of opened.splice(0)) {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

async function open(
  dir = mkdtempSync(join(tmpdir(), 'keywell-cooldowns-')),
): Promise<OpenCooldownStore> {
  const store = await openCooldownStore({ file: join(dir, 'cooldowns.sqlite') });
  opened.push({ dir, store });
  return store;
}

describeCooldownStore('in memory', async () => memoryCooldownStore());
describeCooldownStore('on SQLite', () => open());

describe('cooldowns on SQLite', () => {
  it('are kept from before credentials were remembered', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'keywell-cooldowns-'));
    const older = await openCooldownStore({ file: join(dir, 'cooldowns.sqlite') });
    older.applyNow([cooldown('key:a')]);
    await older.close();
    const database = new DatabaseSync(join(dir, 'cooldowns.sqlite'));
    database.exec(`alter table cooldown drop column fingerprint;
      alter table cooldown drop column refused_need;
      delete from kysely_migration where name in ('0002-fingerprint', '0003-refused-need')`);
    database.close();
    const store = await open(dir);
    expect(await store.load(0)).toEqual([cooldown('key:a')]);
    store.applyNow([cooldown('key:a', { fingerprint: 'new' })]);
    expect(await store.load(0)).toEqual([cooldown('key:a', { fingerprint: 'new' })]);
  });

  it('are there after the process was killed right after setting them', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'keywell-cooldowns-'));
    const script = `
      import { writeSync } from 'node:fs';
      import { openCooldownStore } from ${JSON.stringify(new URL('./sql-cooldown-store.ts', import.meta.url).href)};
      const store = await openCooldownStore({ file: ${JSON.stringify(join(dir, 'cooldowns.sqlite'))} });
      const change = ${JSON.stringify(cooldown('x', { endsAt: 9e15 }))};
      for (let n = 0; n < 50; n += 1) {
        store.applyNow([{ ...change, scopeId: 'node:' + n }]);
        writeSync(1, n + '\\n');
      }
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    let said = '';
    for await (const chunk of child.stdout) said += String(chunk);
    const acknowledged = said.trimEnd().split('\n');
    const kept = (await (await open(dir)).load(1)).map(({ scopeId }) => scopeId);
    expect(acknowledged).toHaveLength(50);
    expect(kept.toSorted()).toEqual(acknowledged.map((n) => `node:${n}`).toSorted());
  });
});
