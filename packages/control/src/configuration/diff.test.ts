import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { PLAIN_CHARGE } from '@keywell/core/keys/charge-rule';
import { Secret } from '@keywell/core/secret/secret';
import { describe, expect, it } from 'vitest';
import { diffSnapshots } from './diff.ts';

const CANARY = 'sk-canary-diff';
const key = (id: string, fingerprint: string, weight = 1) => ({
  id,
  value: new Secret(CANARY),
  fingerprint,
  domain: ['org-1'],
  weight,
  domainPinned: true,
  limits: [],
  models: [],
  organization: null,
  project: null,
});
const base: Snapshot = {
  version: 1,
  hash: 'a',
  providers: [
    {
      id: 'openai',
      kind: 'openai',
      baseUrl: 'https://x/v1',
      streamUsage: true,
      charge: PLAIN_CHARGE,
      failures: [],
      keys: [key('a', '11111111'), key('b', '22222222')],
    },
  ],
  pools: [],
  models: [{ alias: 'smart', pool: 'chat' }],
  consumers: [],
  traffic: {
    maxBodyBytes: 1,
    maxResponseBytes: 1,
    maxConnections: 1,
    headersTimeoutMs: 1,
    bodyIdleTimeoutMs: 1,
    slowReaderTimeoutMs: 1,
    shutdownGraceMs: 1,
  },
};
const [provider] = base.providers;

describe('the difference of two snapshots', () => {
  it('is empty between equal ones, whatever their versions and slots', () => {
    expect(
      diffSnapshots(base, {
        ...structuredClone({ ...base, providers: [] }),
        providers: base.providers,
      }),
    ).toEqual([]);
  });

  it('names added, changed and removed records with paths, secrets as fingerprints', () => {
    if (provider === undefined) throw new Error('unreachable');
    const changes = diffSnapshots(base, {
      ...base,
      providers: [{ ...provider, keys: [key('a', '33333333', 2), key('c', '44444444')] }],
      models: [{ alias: 'smart', pool: 'fast' }],
      traffic: { ...base.traffic, maxConnections: 2 },
    });
    expect(
      changes.map(({ action, kind, id, path, before, after }) => [
        action,
        kind,
        id,
        path,
        action === 'changed' ? `${before}→${after}` : '',
      ]),
    ).toEqual([
      [
        'changed',
        'key',
        'openai/a',
        'providers[openai].keys[a].value',
        '"[secret 11111111]"→"[secret 33333333]"',
      ],
      ['changed', 'key', 'openai/a', 'providers[openai].keys[a].weight', '1→2'],
      ['added', 'key', 'openai/c', 'providers[openai].keys[c]', ''],
      ['removed', 'key', 'openai/b', 'providers[openai].keys[b]', ''],
      ['changed', 'model', 'smart', 'models[smart].pool', '"chat"→"fast"'],
      ['changed', 'traffic', 'traffic', 'traffic.max_connections', '1→2'],
    ]);
    expect(JSON.stringify(changes)).not.toContain(CANARY);
  });
});
