/** An admin application over stores in memory and a configuration file in a folder of its own: what tests of the API and its clients share. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PoolForecast } from '@keywell/core/forecast/forecast';
import type { KeyStatus } from '@keywell/core/keys/status';
import type { RequestRecord } from '@keywell/core/log/request-record';
import { servedRecord } from '@keywell/core/log/served-record.contract';
import { tokenUsage } from '@keywell/core/log/token-usage';
import { Secret } from '@keywell/core/secret/secret';
import { memoryAlertStore } from '@keywell/storage/alerts/memory-alert-store';
import { memoryAuditStore } from '@keywell/storage/audit/memory-audit-store';
import { memoryConsumerStore } from '@keywell/storage/consumers/memory-consumer-store';
import { LiveConfiguration } from '../configuration/live-configuration.ts';
import type { AdminPorts } from './admin-app.ts';

export const TOKEN = 'admin-canary-0123456789abcdefghijklmnopqrst';
export const UPSTREAM_CANARY = 'sk-upstream-canary-0123456789';

export const CONFIG = `version: 1
providers: [{ id: openai, kind: openai, keys: [{ id: a, value: "env:KEY_A", domain: org-1 }, { id: b, value: "env:KEY_B", domain: org-2 }] }]
pools: [{ id: chat, tiers: [{ targets: [{ provider: openai, model: gpt-5 }] }] }]
models: [{ alias: smart, pool: chat }]
`;

const key = (id: string, cooldowns: KeyStatus['cooldowns']): KeyStatus => ({
  provider: 'openai',
  key: id,
  fingerprint: '0a1b2c3d',
  domain: `openai/org-${id}`,
  domainSource: 'pinned',
  weight: 1,
  inFlight: 2,
  attempts: 12,
  successes: 10,
  failures: 2,
  state: cooldowns.length > 0 ? 'cooled' : 'ready',
  cooldowns,
});

const KEYS: readonly KeyStatus[] = [
  key('a', [
    {
      scopeId: 'node:openai/org-a',
      scope: 'node',
      class: 'funds_exhausted',
      dimension: 'spend',
      endsInMs: 134_000,
      authoritative: true,
      evidence: 'body.code=insufficient_quota',
    },
  ]),
  key('b', []),
];

/** A pool that is watched, and runs dry in two hours. */
export const FORECAST: PoolForecast = {
  pool: 'chat',
  state: 'ready',
  candidates: 2,
  eligible: 1,
  nextInMs: 134_000,
  exhaustsInMs: 7_200_000,
  requestsPerMinute: 42,
  dimensions: [
    {
      dimension: 'tokens_day',
      domains: { known: 2, all: 2 },
      left: 240_000,
      limit: 1_000_000,
      percentLeft: 24,
      burnPerMinute: 2000,
      state: 'draining',
      exhaustsInMs: 7_200_000,
      recoversInMs: null,
      seasonal: false,
    },
  ],
};

/** A call that was refused by one key and answered by another. */
export const RECORD: RequestRecord = servedRecord({
  id: 'req_1',
  startedAt: Date.UTC(2026, 10, 23, 18, 20, 5),
  durationMs: 1240,
  firstByteMs: 900,
  key: 'b',
  attempts: 2,
  requestBytes: 812,
  responseBytes: 1234,
  usage: tokenUsage({ inputTokens: 12, outputTokens: 40 }),
  costMicros: 1234,
  timeline: [
    {
      at: 0.4,
      kind: 'candidates',
      tier: 0,
      eligible: 2,
      excluded: [
        { provider: 'openai', key: 'c', why: 'credential_dead', scope: 'key', endsInMs: 900_000 },
      ],
    },
    {
      at: 0.6,
      kind: 'attempt',
      attempt: 1,
      tier: 0,
      provider: 'openai',
      model: 'gpt-5',
      key: 'a',
      domain: 'openai/org-1',
      why: 'first',
    },
    {
      at: 120,
      kind: 'verdict',
      attempt: 1,
      class: 'funds_exhausted',
      scope: 'node',
      status: 429,
      evidence: 'body.code=insufficient_quota',
      endsInMs: 300_000,
      authoritative: false,
      usage: null,
      costMicros: 0,
      costEstimated: false,
    },
    { at: 120.5, kind: 'wait', waitMs: 200, why: 'back-off before another attempt' },
    {
      at: 321,
      kind: 'attempt',
      attempt: 2,
      tier: 0,
      provider: 'openai',
      model: 'gpt-5',
      key: 'b',
      domain: 'openai/org-2',
      why: 'rotation',
    },
    {
      at: 1220,
      kind: 'verdict',
      attempt: 2,
      class: 'success',
      scope: 'none',
      status: 200,
      evidence: '',
      endsInMs: null,
      authoritative: false,
      usage: tokenUsage({ inputTokens: 12, outputTokens: 40 }),
      costMicros: 1234,
      costEstimated: false,
    },
    { at: 1240, kind: 'end', status: 200, why: 'answered' },
  ],
});

export interface AdminWorld {
  readonly ports: AdminPorts;
  readonly configFile: string;
  readonly folder: string;
  readonly defects: unknown[];
  writeConfig(text: string): void;
  close(): void;
}

/** Builds it; `over` replaces ports. */
export async function adminWorld(over: Partial<AdminPorts> = {}): Promise<AdminWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'keywell-admin-'));
  const configFile = join(folder, 'keywell.yaml');
  writeFileSync(configFile, CONFIG);
  const consumers = memoryConsumerStore();
  const alerts = memoryAlertStore();
  for (const [at, kind] of (['pool_exhausted', 'pool_recovered'] as const).entries()) {
    const message = kind === 'pool_exhausted' ? 'Pool chat is dry.' : 'Pool chat serves again.';
    await alerts.append({ kind, subject: 'pool:chat', rule: '', pool: 'chat', message }, at + 1);
  }
  const env: Readonly<Record<string, string>> = {
    KEY_A: UPSTREAM_CANARY,
    KEY_B: `${UPSTREAM_CANARY}b`,
  };
  const configuration = new LiveConfiguration({
    file: configFile,
    required: true,
    fallback: () => null,
    consumers,
    snapshots: { save: async () => undefined, latest: async () => null },
    sealer: { seal: () => 'sealed', open: () => ({ ok: false, message: 'no' }) },
    env: (name) => env[name],
    watch: () => () => undefined,
    wallNow: () => 1_000,
    onEvent: () => undefined,
  });
  const loaded = await configuration.load();
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  configuration.serve({ publish: async () => undefined });
  const defects: unknown[] = [];
  let requests = 0;
  let bytes = 0;
  const ports: AdminPorts = {
    token: new Secret(TOKEN),
    allowedHosts: ['gateway.internal'],
    configuration,
    consumers,
    audit: memoryAuditStore(),
    alerts,
    forecast: { forecast: () => [FORECAST] },
    requestLog: {
      list: async ({ limit }) => [RECORD, { ...RECORD, id: 'req_0', timeline: [] }].slice(0, limit),
      get: async (id) => (id === RECORD.id ? RECORD : null),
      stats: () => ({ queued: 0, written: 2, shed: 0 }),
    },
    dataPlane: {
      keys: () => KEYS,
      pools: () => [
        {
          pool: 'chat',
          tiers: [{ tier: 0, candidates: 2, eligible: 1, nextInMs: 134_000 }],
          requests10s: 7,
          retries10s: 1,
        },
      ],
      spend: () => [{ consumer: 'web', spentMicros: 250_000, heldMicros: 100_000 }],
      clearCooldowns: () => [
        {
          action: 'cleared',
          scopeId: 'node:openai/org-a',
          scope: 'node',
          class: 'funds_exhausted',
          dimension: 'spend',
          endsAt: 0,
          authoritative: true,
          strikes: 0,
          evidence: '',
        },
      ],
      status: () => ({
        version: 1,
        hash: 'abc',
        workers: [{ worker: 1, epoch: 1, listening: true }],
        restarts: 0,
        draining: false,
      }),
    },
    domains: {
      known: () => [],
      isUnsteady: () => false,
      suggestions: () => [
        {
          provider: 'openai',
          group: 'gpt-5',
          keys: ['a', 'b'],
          evidence: {
            observations: 64,
            slope: 0.98,
            contrast: 0.97,
            standardError: 0.04,
            shared: true,
            apart: false,
          },
        },
      ],
    },
    probes: async () => [
      {
        provider: 'openai',
        baseUrl: 'https://api.openai.com/v1',
        reachable: true,
        latencyMs: 41.5,
        clockSkewMs: 20,
        checkedAt: 1,
        error: '',
      },
    ],
    instance: () => ({
      version: '0.1.0',
      nodeVersion: 'v26.12.1',
      pid: 1,
      startedAt: 1,
      dataDir: folder,
      listeners: [{ name: 'traffic', host: '127.0.0.1', port: 8080 }],
    }),
    metrics: async () => '# HELP keywell_up 1\n',
    ready: () => true,
    peerAddress: () => '127.0.0.1',
    newRequestId: () => `areq_${(requests += 1)}`,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => (bytes += 1) % 256),
    wallNow: () => 1_000,
    onDefect: (_, error) => defects.push(error),
    ...over,
  };
  return {
    ports,
    configFile,
    folder,
    defects,
    writeConfig: (text) => writeFileSync(configFile, text),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
