/** A good configuration file, to be changed where a test wants it otherwise, and how it is loaded. */
import { expect } from 'vitest';
import { fingerprintOf } from './compile.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { createSecretResolver } from './secret-references.ts';

export const CANARY = 'sk-canary-Zx81kQ0pLm';
export const HASH = `kwh_${'ab'.repeat(32)}`;
const ENV: Readonly<Record<string, string>> = { KEY_A: 'sk-aaaa', KEY_B: 'sk-bbbb', BLANK: ' ' };

export const load = (text: string | Uint8Array): LoadedConfig =>
  loadConfig(typeof text === 'string' ? new TextEncoder().encode(text) : text, 'keywell.yaml', {
    resolveSecret: createSecretResolver({ env: (name) => ENV[name], folder: '/nowhere' }),
    fingerprint: fingerprintOf,
    storedConsumers: [],
    slotOf: () => ({ slot: 0, generation: 1 }),
    version: 7,
    wallNow: Date.UTC(2026, 10, 25),
  });

export const GOOD = `version: 1
providers:
  - id: openai
    kind: openai
    keys:
      - { id: a, value: "env:KEY_A", domain: org-1 }
      - { id: b, value: "env:KEY_B", domain: org-2/project-a, weight: 2, models: ["gpt-*"] }
pools:
  - id: chat
    tiers:
      - targets: [{ provider: openai, model: gpt-5 }]
models:
  - { alias: smart, pool: chat }
consumers:
  - { id: web, key_hash: ${HASH}, models: [smart], limits: { requests_per_minute: 100 } }
`;
export const swap = (from: string, to: string): string => {
  expect(GOOD).toContain(from);
  return GOOD.replace(from, to);
};
