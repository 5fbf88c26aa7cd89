import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAdminApp } from '@keywell/control/http/admin-app';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AdminWorld,
  CONFIG,
  TOKEN,
  UPSTREAM_CANARY,
  adminWorld,
} from '../../../packages/control/src/http/admin-world.contract.ts';
import { type AdminListener, startAdminListener } from '../../server/src/start/admin-listener.ts';
import { runCli } from './run-cli.ts';

let world: AdminWorld;
let listener: AdminListener;

beforeEach(async () => {
  world = await adminWorld();
  writeFileSync(join(world.folder, 'admin-token'), `${TOKEN}\n`, { mode: 0o600 });
  listener = await startAdminListener(createAdminApp(world.ports), { host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await listener.close();
  world.close();
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly served: readonly (readonly string[])[];
}

async function run(...args: readonly string[]): Promise<Ran> {
  const [out, err, served]: [string[], string[], (readonly string[])[]] = [[], [], []];
  const ended = new AbortController();
  const code = await runCli(
    ['--data', world.folder, '--admin-url', `http://127.0.0.1:${listener.port}`, ...args],
    {
      terminal: {
        out: (text) => out.push(text),
        err: (text) => err.push(text),
        screen: false,
        color: false,
      },
      pause: async () => {
        if (out.length >= 3) ended.abort();
      },
      ended: ended.signal,
      runServer: async (given) => {
        served.push(given);
        return 4;
      },
      askServer: async () => ({ code: 0, out: '' }),
    },
  );
  const all = out.join('') + err.join('');
  expect(all).not.toContain(TOKEN);
  expect(all).not.toContain(UPSTREAM_CANARY);
  return { code, out: out.join(''), err: err.join(''), served };
}

describe('verbs that ask the gateway', () => {
  it.each([
    [['keys', 'list'], /openai\/a .* cooled .* 2m 14s/],
    [
      ['keys', 'clear', 'openai/a'],
      /Cleared:\n {2}node:openai\/org-a: funds_exhausted, 2m 14s before its end/,
    ],
    [['keys', 'clear', '--all'], /Cleared/],
    [['keys', 'suggestions'], /left of openai\/a falls by what openai\/b sends/],
    [['pools'], /chat +1 +1 of 2/],
    [['models'], /smart +openai\/gpt-5 +400k +128k +1\.25 +10 +pictures tools json reasoning/],
    [['models', 'gpt-5', 'openai'], /openai +gpt-5 +400k/],
    [['models', '--all'], /zhipu/],
    [['logs'], /req_1 +200/],
    [['logs', '--limit', '1'], /more: --before \S+\/req_1/],
    [['logs', 'list', '--status', 'error'], /req_1/],
    [['logs', 'show', 'req_1'], /attempt 2 \(rotation\) → openai\/b/],
    [['consumers', 'list'], /No consumers/],
    [['diff'], /No changes/],
    [['reload'], /Version 1 is in force/],
  ])('%j', async (args, expected) => {
    const { code, out, err } = await run(...args);
    expect(err).toBe('');
    expect(out).toMatch(expected);
    expect(code).toBe(0);
  });

  it.each([
    [['keys', 'list', '--json']],
    [['--json', 'keys', 'list']],
    [['pools', '--json']],
    [['models', '--json']],
    [['models', 'gpt-5', '--json']],
    [['logs', 'show', 'req_1', '--json']],
    [['doctor', '--json']],
  ])('%j prints JSON and nothing else', async (args) => {
    const { out } = await run(...args);
    expect(() => JSON.parse(out) as unknown).not.toThrow();
  });

  it('foresees and lists alerts', async () => {
    const forecast = await run('forecast', '--pool', 'chat');
    expect(forecast.code).toBe(0);
    expect(forecast.out).toContain('tokens_day');
    const nowhere = await run('forecast', '--pool', 'nowhere');
    expect(nowhere).toMatchObject({ code: 1, err: 'error: There is no pool of this name.\n' });
    const tooMany = await run('alerts', '--limit', '501');
    expect(tooMany).toMatchObject({ code: 2, err: expect.stringContaining('from 1 to 500') });
    expect((await run('logs', '--limit', '0')).err).toContain('from 1 to 500');
    const alerts = await run('alerts', '--json', '--limit', '1');
    expect(JSON.parse(alerts.out)).toMatchObject({
      data: [{ kind: 'pool_recovered', subject: 'pool:chat' }],
    });
    const active = await run('alerts', '--active');
    expect(active.out).toContain('pool_exhausted');
    expect(active.out).not.toContain('pool_recovered');
  });

  it('watches until it is ended', async () => {
    const { out } = await run('keys', 'list', '--watch');
    expect(out.match(/FINGERPRINT/g)).toHaveLength(3);
  });

  it('prints a new consumer key once, with the line for the file', async () => {
    const { code, out } = await run(
      'consumers',
      'add',
      'mobile',
      '--models',
      'smart',
      '--requests-per-minute',
      '9',
    );
    expect(code).toBe(0);
    expect(out.match(/kw_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}/g)).toHaveLength(1);
    expect(out).toMatch(/- \{ id: mobile, key_hash: "kwh_[0-9a-f]{64}", models: \["smart"\] \}/);
    expect((await run('consumers', 'list')).out).toMatch(
      /mobile +– +command +kw_[0-9A-Za-z]{10}_… +smart +9/,
    );
  });

  it('shows what a file would change', async () => {
    const file = join(world.folder, 'next.yaml');
    writeFileSync(file, CONFIG.replace('alias: smart', 'alias: clever'));
    expect((await run('diff', file)).out).toBe('+ model clever\n- model smart\n');
  });

  it('doctor finds the gateway and its listeners', async () => {
    const { out } = await run('doctor');
    expect(out).toMatch(/ok +Gateway +version 0\.1\.0, process 1, 1 of 1 workers serve/);
    expect(out).toMatch(/ok +Provider openai +Reached in 42 ms/);
  });
});

it('options behind the verb count as much as those before it', async () => {
  const { code, err } = await run('pools', '--data', join(world.folder, 'elsewhere'));
  expect(code).toBe(5);
  expect(err).toContain('elsewhere');
});

describe('what goes wrong', () => {
  it('in the configuration is listed with places, exit 4', async () => {
    world.writeConfig(`${CONFIG}poolz: []\n`);
    const { code, err } = await run('reload');
    expect(code).toBe(4);
    expect(err).toMatch(/keywell\.yaml:5:1: error: poolz: There is no field "poolz"/);
    expect(err).toMatch(/Did you mean "pools"/);
  });

  it('in the command line is exit 2', async () => {
    expect((await run('keys', 'lst')).err).toMatch(/Did you mean list/);
    expect((await run('keys', 'lst')).code).toBe(2);
    expect((await run('keys', 'clear')).code).toBe(2);
    expect((await run('logs', '--limit', 'many')).code).toBe(2);
    expect((await run('keys', 'list', '--admin-url', 'http://example.com:8081')).code).toBe(2);
    expect((await run('--help')).code).toBe(0);
  });

  it('when nobody listens is exit 3', async () => {
    await listener.close();
    const { code, err } = await run('pools');
    expect(code).toBe(3);
    expect(err).toMatch(/does not answer .*ECONNREFUSED[\s\S]*keywell start/);
  });

  it('with the token is exit 5', async () => {
    const file = join(world.folder, 'admin-token');
    writeFileSync(file, 'A'.repeat(43));
    expect(await run('pools')).toMatchObject({ code: 5 });
    chmodSync(file, 0o644);
    expect((await run('pools')).err).toMatch(/chmod 600/);
    rmSync(file);
    expect((await run('pools')).err).toMatch(/There is no admin token/);
  });

  it('with what was asked is exit 1', async () => {
    expect(await run('logs', 'show', 'nope')).toMatchObject({ code: 1 });
    expect((await run('consumers', 'add', 'x', '--models', 'nope')).err).toMatch(
      /Not a model alias: nope\. Known: smart/,
    );
  });
});

describe('verbs of the product itself', () => {
  it.each([
    [
      ['start', '--port', '9', '--workers', '2'],
      ['start', '--port', '9', '--workers', '2'],
    ],
    [
      ['start', '--help'],
      ['start', '--help'],
    ],
    [
      ['check', 'x.yaml'],
      ['check', 'x.yaml'],
    ],
    [
      ['--json', 'check'],
      ['check', '--json'],
    ],
    [
      ['simulate', '--seed', '7'],
      ['simulate', '--seed', '7'],
    ],
    [
      ['--json', 'replay', '--from', '2026-11-25'],
      ['replay', '--json', '--from', '2026-11-25'],
    ],
  ])(
    '%j are handed over with all they were given, and their exit code comes back',
    async (args, passed) => {
      const { code, served } = await run(...args);
      const [verb = '', ...rest] = passed;
      const admin = ['--admin-url', `http://127.0.0.1:${listener.port}`];
      const where = ['start', 'replay'].includes(verb) ? ['--data', world.folder] : [];
      const expected = [verb, ...where, ...(verb === 'replay' ? admin : []), ...rest];
      expect(served).toEqual([expected]);
      expect(code).toBe(4);
    },
  );
});
