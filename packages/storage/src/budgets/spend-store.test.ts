import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { memorySpendStore } from './memory-spend-store.ts';
import { describeSpendStore } from './spend-store.contract.ts';
import { openSpendStore, type OpenSpendStore } from './sql-spend-store.ts';

const opened: { readonly dir: string; readonly store: OpenSpendStore }[] = [];
afterEach(async () => {
  for (const { dir, store } of opened.splice(0)) {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

async function open(dir = mkdtempSync(join(tmpdir(), 'keywell-spend-'))): Promise<OpenSpendStore> {
  const store = await openSpendStore({ file: join(dir, 'budgets.sqlite') });
  opened.push({ dir, store });
  return store;
}

describeSpendStore('in memory', async () => memorySpendStore());
describeSpendStore('on SQLite', () => open());

describe('spend on SQLite', () => {
  it('is there after the process was killed right after keeping it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'keywell-spend-'));
    const script = `
      import { openSpendStore } from ${JSON.stringify(new URL('./sql-spend-store.ts', import.meta.url).href)};
      const store = await openSpendStore({ file: ${JSON.stringify(join(dir, 'budgets.sqlite'))} });
      for (let n = 1; n <= 20; n += 1) store.keepNow([{ consumer: 'web', startsAt: 0, spentMicros: n }]);
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await new Promise((resolve) => {
      child.on('exit', resolve);
    });
    expect(await (await open(dir)).load()).toEqual([
      { consumer: 'web', startsAt: 0, spentMicros: 20 },
    ]);
  });
});
