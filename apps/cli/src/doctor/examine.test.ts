import type { DomainFindingsView, StatusView } from '@keywell/contract/admin/admin-schemas';
import { describe, expect, it } from 'vitest';
import { createPaint } from '../render/paint.ts';
import { type Finding, examine, examineNode } from './examine.ts';
import type { DoctorFacts, Gateway } from './facts.ts';
import { renderFindings } from './render-findings.ts';

const status: StatusView = {
  version: '0.1.0',
  node_version: 'v26.12.1',
  pid: 42,
  started_at: 0,
  data_dir: '/d',
  listeners: [{ name: 'traffic', host: '127.0.0.1', port: 8080 }],
  configuration: {
    file: '/k.yaml',
    source: 'file',
    version: 3,
    hash: '',
    loaded_at: 0,
    problems: [],
    warnings: [],
  },
  data_plane: {
    version: 3,
    hash: '',
    workers: [{ worker: 1, epoch: 1, listening: true }],
    restarts: 0,
    draining: false,
  },
  log: { queued: 0, written: 0, shed: 0 },
  probes: [],
};
const QUIET: DomainFindingsView = { suggestions: [], contradictions: [], unsteady: [], pools: [] };
const good: DoctorFacts = {
  nodeVersion: 'v26.12.1',
  dataDir: { path: '/d', exists: true, mode: 0o700, ours: true },
  tokenFile: { path: '/d/admin-token', exists: true, mode: 0o600, ours: true },
  gateway: { kind: 'answers', status, domains: QUIET },
  ports: [],
  check: null,
  tcpMigrateReq: 1,
  maxOpenFiles: 100_000,
};
const answers = (over: Partial<StatusView>): Gateway => ({
  kind: 'answers',
  domains: QUIET,
  status: { ...status, ...over },
});
const probe = {
  provider: 'openai',
  base_url: 'https://x',
  reachable: true,
  latency_ms: 40,
  clock_skew_ms: 0,
  checked_at: 0,
  error: '',
};
const problem = {
  file: '/k.yaml',
  line: 4,
  column: 1,
  path: 'x',
  message: 'There is no field "x" here.',
  hint: 'Remove it.',
};

const of = (facts: Partial<DoctorFacts>): readonly Finding[] => examine({ ...good, ...facts });

describe('the doctor', () => {
  it('finds nothing wrong with a good installation', () => {
    expect(of({}).map((each) => each.state)).not.toContain('warn');
    expect(of({}).map((each) => each.state)).not.toContain('fail');
  });

  const silent: Gateway = { kind: 'silent', message: 'ECONNREFUSED' };
  it.each<[string, Partial<DoctorFacts>, string, RegExp]>([
    [
      'an open data folder',
      { dataDir: { ...good.dataDir, mode: 0o755 } },
      'fail Data folder',
      /chmod 700 \/d/,
    ],
    [
      "somebody else's data folder",
      { dataDir: { ...good.dataDir, ours: false } },
      'fail Data folder',
      /same user/,
    ],
    [
      'no data folder',
      { dataDir: { ...good.dataDir, exists: false } },
      'warn Data folder',
      /keywell start/,
    ],
    [
      'a readable token',
      { tokenFile: { ...good.tokenFile, mode: 0o644 } },
      'fail Admin token',
      /chmod 600/,
    ],
    [
      'no token',
      { tokenFile: { ...good.tokenFile, exists: false } },
      'warn Admin token',
      /keywell start/,
    ],
    [
      'a gateway of another folder',
      { gateway: { kind: 'unauthorized', message: '' } },
      'fail Gateway',
      /--data/,
    ],
    [
      'something else at the address',
      { gateway: { kind: 'strange', message: 'It answered 404.' } },
      'fail Gateway',
      /--admin-url/,
    ],
    ['no gateway', { gateway: silent }, 'warn Gateway', /keywell start/],
    [
      'a taken port',
      { gateway: silent, ports: [{ port: 8080, taken: true }] },
      'fail Port 8080',
      /--port/,
    ],
    [
      'a broken file while it is down',
      { gateway: silent, check: { ok: false, text: 'k.yaml:1:1: error', warnings: [] } },
      'fail Configuration',
      /keywell check/,
    ],
    [
      'what a good file warns of while it is down',
      {
        gateway: silent,
        check: { ok: true, text: 'good', warnings: [{ message: 'All share.', hint: 'Add one.' }] },
      },
      'warn Configuration',
      /Add one/,
    ],
    [
      'a broken file while it runs',
      { gateway: answers({ configuration: { ...status.configuration, problems: [problem] } }) },
      'fail Configuration',
      /Remove it\. Then: keywell reload/,
    ],
    [
      'no file',
      { gateway: answers({ configuration: { ...status.configuration, source: 'fallback' } }) },
      'warn Configuration',
      /\/k\.yaml/,
    ],
    [
      'a warning of the file',
      { gateway: answers({ configuration: { ...status.configuration, warnings: [problem] } }) },
      'warn Configuration',
      /Remove it/,
    ],
    [
      'a worker that is down',
      {
        gateway: answers({
          data_plane: {
            ...status.data_plane,
            workers: [{ worker: 1, epoch: 2, listening: false }],
          },
        }),
      },
      'fail Gateway',
      /log/,
    ],
    [
      'crashed workers',
      { gateway: answers({ data_plane: { ...status.data_plane, restarts: 2 } }) },
      'warn Workers',
      /log/,
    ],
    [
      'a shedding log',
      { gateway: answers({ log: { queued: 0, written: 1, shed: 5 } }) },
      'warn Request log',
      /max_queued_rows/,
    ],
    [
      'a provider out of reach',
      { gateway: answers({ probes: [{ ...probe, reachable: false, error: 'ENOTFOUND' }] }) },
      'fail Provider openai',
      /base_url/,
    ],
    [
      'a clock that is off',
      { gateway: answers({ probes: [{ ...probe, clock_skew_ms: -9000 }] }) },
      'warn Clock',
      /time synchronisation/,
    ],
    [
      'keys that seem to share an account',
      {
        gateway: {
          kind: 'answers',
          status,
          domains: { ...QUIET, unsteady: [{ provider: 'openai', key: 'a' }] },
        } satisfies Gateway,
      },
      'warn Domains',
      /"domain" in the file/,
    ],
    ['few open files', { maxOpenFiles: 1024 }, 'warn Open files', /ulimit/],
  ])('names %s and what to do', (_, facts, expected, todo) => {
    const found = of(facts).find((each) => `${each.state} ${each.about}` === expected);
    expect(found?.todo).toMatch(todo);
  });

  it('notes that restarts need a balancer, and fails nobody for it', () => {
    const note = of({ tcpMigrateReq: 0 }).find((each) => each.about === 'Restarts');
    expect(note?.state).toBe('ok');
    expect(note?.means).toContain('tcp_migrate_req=1');
  });

  it.each([
    ['v20.11.0', 'fail'],
    ['v24.20.9', 'fail'],
    ['v24.21.0', 'warn'],
    ['v24.22.0', 'warn'],
    ['v24.22.1', 'ok'],
    ['v25.9.9', 'warn'],
    ['v26.10.0', 'warn'],
    ['v26.12.1', 'ok'],
    ['v27.0.0', 'ok'],
  ])('thinks of Node %s: %s', (version, state) => {
    expect(examineNode(version).state).toBe(state);
  });

  it('writes one line a finding and below it what to do', () => {
    const findings: readonly Finding[] = [
      { state: 'ok', about: 'Node', means: 'v26.12.1.', todo: '' },
      { state: 'fail', about: 'Port 8080', means: 'Taken.', todo: 'Stop it.' },
    ];
    expect(renderFindings(findings, createPaint(false))).toBe(
      'ok    Node       v26.12.1.\nfail  Port 8080  Taken.\n                 → Stop it.\n',
    );
  });
});
