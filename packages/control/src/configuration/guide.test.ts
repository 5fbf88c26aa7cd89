/** The whole files that guides show are right. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './compile.ts';
import { loadConfig } from './load-config.ts';
import { createSecretResolver } from './secret-references.ts';

const GUIDES = ['add-a-provider.md'];

const filesIn = (guide: string): readonly string[] => {
  const text = readFileSync(new URL(`../../../../docs/guides/${guide}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks.filter((block) => block.startsWith('version: 1'));
};

describe.each(GUIDES)('%s', (guide) => {
  it('shows files that are taken as they stand, without a warning', () => {
    const files = filesIn(guide);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const loaded = loadConfig(new TextEncoder().encode(file), 'keywell.yaml', {
        resolveSecret: createSecretResolver({
          env: (name) => `value-of-${name}`,
          folder: '/nowhere',
        }),
        fingerprint: fingerprintOf,
        storedConsumers: [],
        slotOf: () => ({ slot: 0, generation: 1 }),
        wallNow: Date.UTC(2026, 10, 25),
        version: 1,
      });
      expect(loaded).toMatchObject({ ok: true, warnings: [] });
    }
  });
});
