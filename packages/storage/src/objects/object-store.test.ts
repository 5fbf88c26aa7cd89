import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryObjectStore } from './memory-object-store.ts';
import { describeObjectStore } from './object-store.contract.ts';
import { openObjectStore, type OpenObjectStore } from './sql-object-store.ts';

const opened: { readonly dir: string; readonly store: OpenObjectStore }[] = [];
afterEach(async () => {
  for (const { dir, store } of opened.splice(0)) {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

async function open(dir = mkdtempSync(join(tmpdir(), 'keywell-objects-'))) {
  const store = await openObjectStore({ file: join(dir, 'objects.sqlite') });
  opened.push({ dir, store });
  return store;
}

describeObjectStore('in memory', async () => memoryObjectStore());
describeObjectStore('on SQLite', () => open());

describe('owned objects on SQLite', () => {
  it('are there when the file is opened again', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'keywell-objects-'));
    const home = { provider: 'openai', domain: 'openai/acme', fingerprint: '0a1b2c3d' };
    const object = {
      kind: 'response',
      id: 'resp_1',
      consumer: 'web',
      home,
      model: 'smart',
    } as const;
    const first = await openObjectStore({ file: join(dir, 'objects.sqlite') });
    first.applyNow([{ action: 'keep', object: { ...object, createdAt: 5, json: null } }]);
    await first.close();
    expect(await (await open(dir)).load()).toEqual([{ ...object, createdAt: 5, json: null }]);
  });
});
