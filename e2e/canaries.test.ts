/** Nothing that a whole Keywell writes, prints or tells its operator holds a secret of a provider's key, however much its providers say. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Betrayer, PLANTED, type Misdeed } from '@keywell/gateway/stories/canaries.contract';
import { askBy, WAYS } from '@keywell/gateway/stories/crossing/ways.contract';
import { newConsumerKey } from './support/consumer-keys.ts';
import { findInFolder } from './support/find-in-folder.ts';
import { startKeywell, type KeywellProcess } from './support/keywell-process.ts';

const consumer = newConsumerKey();
const MISDEEDS: readonly Misdeed[] = [
  400,
  401,
  429,
  'inside',
  'event',
  'midway',
  'html',
  'bad_token',
];

function configOf(origin: string): string {
  const places = PLANTED.map((planted, at) => ({ ...planted, id: `p${at}` }));
  return JSON.stringify({
    version: 1,
    providers: places.map(({ id, kind, path }) => ({
      id,
      kind,
      base_url: origin + path,
      keys: [{ id: 'a', value: `env:CANARY_${id}` }],
    })),
    pools: places.map(({ id, model }) => ({
      id,
      first_byte_timeout_ms: 500,
      tiers: [{ targets: [{ provider: id, model }] }],
    })),
    models: places.map(({ id }) => ({ alias: `m-${id}`, pool: id })),
    consumers: [{ id: 'web', key_hash: consumer.keyHash, models: ['*'] }],
  });
}

describe('a provider that says back all it was told', () => {
  const provider = new Betrayer();
  let keywell: KeywellProcess;
  let secrets: readonly string[];

  beforeAll(async () => {
    const origin = await provider.start();
    const env = PLANTED.map(({ value }, at) => [`CANARY_p${at}`, value(origin)] as const);
    secrets = PLANTED.flatMap((planted) => planted.secrets).concat(consumer.key);
    provider.knows = secrets;
    keywell = await startKeywell({ config: configOf(origin), env: Object.fromEntries(env) });
  });
  afterAll(async () => {
    await keywell.dispose();
    provider.close();
  });

  it('is heard by nobody: not on the terminal, in the data folder, in metrics or in the log', async () => {
    for (const misdeed of MISDEEDS) {
      provider.misdeed = misdeed;
      for (const [at] of PLANTED.entries()) {
        for (const way of WAYS.slice(0, 2)) {
          const asked = { model: `m-p${at}`, question: { prompt: 'hello' }, key: consumer.key };
          await askBy({ port: keywell.ports.traffic }, way, asked);
        }
        const body = JSON.stringify({ provider: `p${at}` });
        const cleared = await keywell.admin('/api/v1/keys/clear', { method: 'POST', body });
        expect(cleared.status).toBe(200);
      }
    }
    expect(provider.asked).toBeGreaterThan(PLANTED.length * MISDEEDS.length);
    const told = [keywell.output()];
    for (const path of [
      '/metrics',
      '/api/v1/logs?limit=500',
      '/api/v1/keys',
      '/api/v1/pools',
      '/api/v1/alerts',
    ]) {
      const answer = await keywell.admin(path);
      expect([path, answer.status]).toEqual([path, 200]);
      told.push(await answer.text());
    }
    expect(told.join('\n')).toContain('m-p0');
    expect(await keywell.stop()).toBe(0);
    const shown = [...told, keywell.output()].join('\n');
    for (const secret of secrets) {
      for (const form of [secret, JSON.stringify(secret).slice(1, -1), secret.trim().slice(-14)]) {
        expect(shown.includes(form)).toBe(false);
        expect(findInFolder(keywell.dataDir, form)).toEqual([]);
      }
    }
  });
});
