import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KnownAccount } from '@keywell/core/keys/account';
import { Secret } from '@keywell/core/secret/secret';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SavedSnapshot, SecretSealer, StoredConsumer } from '../ports/stores.ts';
import { type ConfigurationEvent, LiveConfiguration } from './live-configuration.ts';

const CANARY = 'sk-canary-live-4711';

const config = (key: string, extra = ''): string => `version: 1
providers: [{ id: openai, kind: openai, keys: [{ id: a, value: "${key}" }] }]
pools: [{ id: chat, tiers: [{ targets: [{ provider: openai, model: gpt-5 }] }] }]
models: [{ alias: smart, pool: chat }]
${extra}`;
const FALLBACK = {
  version: 1,
  providers: [
    {
      id: 'simulator',
      kind: 'openai-compatible',
      base_url: 'http://127.0.0.1:9/v1',
      keys: [{ id: 'a', value: 'sim-key' }],
    },
  ],
  pools: [{ id: 'chat', tiers: [{ targets: [{ provider: 'simulator', model: 'gpt-5' }] }] }],
  models: [{ alias: 'gpt-5', pool: 'chat' }],
};

const turned = (text: string): string => text.split('').toReversed().join('');

/** Seals by turning around: enough to see that nothing is stored as it is. */
const sealer: SecretSealer = {
  seal: (secret, place) => `${place.rowId}|${turned(secret.reveal())}`,
  open: (sealed, place) =>
    sealed.startsWith(`${place.rowId}|`)
      ? {
          ok: true,
          secret: new Secret(turned(sealed.slice(place.rowId.length + 1))),
        }
      : { ok: false, message: 'it belongs to another place' },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywell-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface World {
  readonly saved: SavedSnapshot[];
  readonly stored: StoredConsumer[];
  readonly env: Record<string, string>;
  readonly file: string;
  readonly accounts: KnownAccount[];
}

const world = (): World => ({
  saved: [],
  stored: [],
  env: { KEY_A: 'sk-a', KEY_B: 'sk-b' },
  file: join(folder, 'keywell.yaml'),
  accounts: [],
});

function start({ saved, stored, env, file, accounts }: World, required = false) {
  const events: ConfigurationEvent[] = [];
  const published: Snapshot[] = [];
  const watching = {
    changed: (): void => undefined,
    paths: (): readonly string[] => [],
    stopped: false,
  };
  const live = new LiveConfiguration({
    file,
    required,
    fallback: () => FALLBACK,
    consumers: { list: async () => stored },
    accounts: () => accounts,
    snapshots: {
      save: async (each) => void saved.unshift(each),
      latest: async () => saved[0] ?? null,
    },
    sealer,
    env: (name) => env[name],
    watch: (paths, changed) => {
      Object.assign(watching, { paths, changed });
      return () => Object.assign(watching, { stopped: true });
    },
    wallNow: () => 1_000_000,
    onEvent: (event) => events.push(event),
  });
  const dataPlane = { publish: async (snapshot: Snapshot) => void published.push(snapshot) };
  return { live, events, published, watching, dataPlane };
}

const write = (at: World, text: string): void => writeFileSync(at.file, text);

describe('at the start', () => {
  it('takes the fallback only where no file exists and none ever did, and does not keep it', async () => {
    const at = world();
    const outcome = await start(at).live.load();
    expect(outcome.ok && outcome.source).toBe('fallback');
    expect(at.saved).toEqual([]);
  });

  it('says that there is no file yet, and not that it is gone, when asked what would change', async () => {
    const { live } = start(world());
    await live.load();
    const changes = await live.compare(null);
    expect(changes.ok ? '' : changes.problems[0]?.message).toMatch(/no file yet/);
  });

  it('refuses when the file that was named does not exist', async () => {
    const outcome = await start(world(), true).live.load();
    expect(outcome.ok ? '' : outcome.problems[0]?.message).toBe('The file does not exist.');
  });

  it('refuses a broken file where nothing was good before, and never falls back', async () => {
    const at = world();
    write(at, config('env:KEY_MISSING'));
    const outcome = await start(at).live.load();
    expect(outcome.ok ? outcome.source : outcome.problems[0]?.line).toBe(2);
  });

  it('keeps references as references and seals literals', async () => {
    const at = world();
    write(at, config(CANARY));
    expect((await start(at).live.load()).ok).toBe(true);
    write(at, config('env:KEY_A'));
    expect((await start(at).live.load()).ok).toBe(true);
    expect(at.saved[0]?.text).toContain('"env:KEY_A"');
    expect(at.saved[1]?.text).toContain('sealed');
    expect(JSON.stringify(at.saved)).not.toContain(CANARY);
    expect(at.saved.map((each) => each.version)).toEqual([2, 1]);
  });

  it.each([
    ['broken', (at: World) => write(at, 'version: 2'), 'version'],
    ['gone', (at: World) => rmSync(at.file), ''],
  ])('starts loudly from the last good one when the file is %s', async (_, spoil, path) => {
    const at = world();
    write(at, config(CANARY));
    await start(at).live.load();
    spoil(at);
    const { live, events } = start(at);
    const outcome = await live.load();
    expect(outcome.ok && outcome.source).toBe('last_good');
    expect(outcome.ok && outcome.snapshot.providers[0]?.keys[0]?.value?.reveal()).toBe(CANARY);
    expect(live.state().problems.map((each) => each.path)).toContain(path);
    expect(events.map((each) => each.kind)).toContain('started_from_last_good');
    expect(JSON.stringify(events)).not.toContain(CANARY);
  });

  it('refuses when the last good one cannot be opened either', async () => {
    const at = world();
    write(at, config(CANARY));
    await start(at).live.load();
    write(at, 'version: 2');
    at.saved[0] = {
      version: 1,
      hash: '',
      savedAt: 0,
      text: at.saved[0]?.text.replace('openai/a|', 'x/a|') ?? '',
    };
    const outcome = await start(at).live.load();
    expect(outcome.ok ? '' : outcome.problems.map((each) => each.message).join()).toMatch(
      /another place/,
    );
  });
});

describe('while it runs', () => {
  it('publishes a change of the file, and remembers the problems of a broken one without changing anything', async () => {
    const at = world();
    write(at, config('env:KEY_A'));
    const { live, published, watching, dataPlane } = start(at);
    await live.load();
    live.serve(dataPlane);
    write(at, config('env:KEY_B'));
    watching.changed();
    await live.stop();
    expect(published.map((each) => each.version)).toEqual([2]);
    write(at, `${config('env:KEY_A')}nonsense: 1\n`);
    const refused = await live.reload();
    expect(refused.ok ? [] : refused.problems.map((each) => each.path)).toEqual(['nonsense']);
    expect(live.state()).toMatchObject({ version: 2, problems: [{ path: 'nonsense', line: 5 }] });
    rmSync(at.file);
    expect((await live.reload()).ok).toBe(false);
    expect(live.state().problems[0]?.message).toMatch(/does not exist any more/);
    write(at, config('env:KEY_B'));
    expect(await live.reload()).toMatchObject({ ok: true, version: 2, changes: [] });
    expect(live.state().problems).toEqual([]);
    expect(published).toHaveLength(1);
    expect(watching.stopped).toBe(true);
  });

  it('watches the files that secrets come from, and takes a changed secret', async () => {
    const at = world();
    writeFileSync(join(folder, 'a.key'), 'sk-1\n');
    write(at, config('file:a.key'));
    const { live, published, watching, dataPlane } = start(at);
    await live.load();
    live.serve(dataPlane);
    expect(watching.paths()).toEqual([at.file, join(folder, 'a.key')]);
    writeFileSync(join(folder, 'a.key'), 'sk-2\n');
    const outcome = await live.reload();
    expect(outcome.ok && outcome.changes.map((each) => each.path)).toEqual([
      'providers[openai].keys[a].value',
    ]);
    expect(published[0]?.providers[0]?.keys[0]?.value?.reveal()).toBe('sk-2');
  });

  it('puts added consumers in force at once, even while the file is broken', async () => {
    const at = world();
    write(at, config('env:KEY_A'));
    const { live, published, dataPlane } = start(at);
    await live.load();
    live.serve(dataPlane);
    write(at, 'broken: [');
    at.stored.push({
      id: 'web',
      name: null,
      keyId: 'x',
      keyHash: 'ab'.repeat(32),
      models: ['*'],
      requestsPerMinute: 5,
      createdAt: 0,
      disabled: false,
    });
    await live.refreshConsumers();
    expect(published[0]?.consumers).toMatchObject([
      {
        id: 'web',
        keyHashes: ['ab'.repeat(32)],
        models: ['*'],
        requestsPerMinute: 5,
        enabled: true,
        slot: 0,
        generation: 1,
      },
    ]);
  });

  it('places keys by what responses named, and a reload or a comparison takes nothing of it back', async () => {
    const at = world();
    const twins = config('env:KEY_A').replace(
      '{ id: a,',
      '{ id: b, value: "env:KEY_B" }, { id: c, value: "env:KEY_C", domain: mine }, { id: a,',
    );
    Object.assign(at.env, { KEY_C: 'sk-c' });
    write(at, twins);
    const { live, published, dataPlane } = start(at);
    await live.load();
    live.serve(dataPlane);
    const domains = (): unknown =>
      live.snapshot().providers[0]?.keys.map((key) => `${key.id} ${key.domain.join('/')}`);
    const declared = ['b ~b', 'c mine', 'a ~a'];
    expect(domains()).toEqual(declared);
    const account = { organization: 'acme', project: null };
    for (const { fingerprint } of live.snapshot().providers[0]?.keys ?? [])
      at.accounts.push({
        baseUrl: 'https://api.openai.com/v1',
        ownerTenant: null,
        fingerprint,
        account:
          fingerprint === live.snapshot().providers[0]?.keys[1]?.fingerprint
            ? { organization: 'other', project: null }
            : account,
      });
    await live.refreshDomains();
    const inferred = ['b acme', 'c mine', 'a acme'];
    expect(domains()).toEqual(inferred);
    expect(published.map((each) => each.version)).toEqual([2]);
    await live.refreshDomains();
    expect(published).toHaveLength(1);
    expect(await live.reload()).toMatchObject({ ok: true, changes: [] });
    expect(await live.compare(null)).toMatchObject({ ok: true, changes: [] });
    expect(domains()).toEqual(inferred);
    expect(
      live.declaredProviders()[0]?.keys.map((key) => `${key.id} ${key.domain.join('/')}`),
    ).toEqual(declared);
    const again = start(at);
    await again.live.load();
    expect(again.live.snapshot().hash).toBe(live.snapshot().hash);
    at.accounts.length = 0;
    await live.refreshDomains();
    expect(domains()).toEqual(declared);
  });

  it('changes nothing when the workers do not take a snapshot', async () => {
    const at = world();
    write(at, config('env:KEY_A'));
    const { live } = start(at);
    await live.load();
    live.serve({ publish: () => Promise.reject(new Error('no worker')) });
    write(at, config('env:KEY_B'));
    expect(await live.reload()).toMatchObject({ ok: false, problems: [{ message: 'no worker' }] });
    expect(live.state().version).toBe(1);
  });

  it('compares a text without touching anything', async () => {
    const at = world();
    write(at, config('env:KEY_A'));
    const { live, published } = start(at);
    await live.load();
    const outcome = await live.compare(config('env:KEY_B'));
    expect(outcome.ok && outcome.changes).toHaveLength(1);
    expect((await live.compare('version: 3')).ok).toBe(false);
    expect(live.state().version).toBe(1);
    expect(published).toEqual([]);
  });
});
