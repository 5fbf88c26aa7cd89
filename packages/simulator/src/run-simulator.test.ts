import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseProfile } from './profile/parse-profile.ts';
import { runSimulator } from './run-simulator.ts';
import { startSimulator } from './start-simulator.ts';

test('says what is up, with a line that works', async () => {
  const lines: string[] = [];
  const run = await runSimulator({ port: 0, print: (line) => lines.push(line) });
  if (!run.ok) throw new Error(run.problems.join());
  const text = lines.join('\n');
  expect(text).toContain(run.simulator.url);
  const key = /Bearer ([^']+)'/.exec(text)?.[1] ?? '';
  const answer = await fetch(`${run.simulator.url}/models`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(answer.status).toBe(200);
  await run.stop();
  await expect(fetch(`${run.simulator.url}/models`)).rejects.toThrow('fetch failed');
});

const print = (): undefined => undefined;

test('a port that is taken, a file that is not there and a wrong profile are told, not thrown', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'simulator-'));
  const first = await startSimulator();
  const taken = await runSimulator({ port: first.port, print });
  expect(taken).toEqual({
    ok: false,
    problems: [expect.stringContaining(`port ${first.port} is taken`)],
  });
  await first.close();
  const missing = await runSimulator({ profileFile: join(folder, 'none.yaml'), print });
  expect(missing).toMatchObject({ ok: false, problems: [expect.stringMatching(/cannot be read/)] });
  const file = join(folder, 'wrong.yaml');
  await writeFile(file, 'models: []\n');
  const wrong = await runSimulator({ profileFile: file, print });
  expect(wrong.ok ? [] : wrong.problems.join('\n')).toMatch(/wrong\.yaml:1:9: models: /);
  await rm(folder, { recursive: true });
});

test('a simulator that is closed ends its streams and frees its port', async () => {
  const simulator = await startSimulator();
  simulator.set({ fault: 'stall_silent' });
  const stalled = fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-simulator-key-a' },
    body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'x' }] }),
  }).then(
    () => 'answered',
    () => 'failed',
  );
  await expect.poll(() => simulator.counts().total.inFlight).toBe(1);
  await simulator.close();
  expect(await stalled).toBe('failed');
  expect(simulator.counts().total).toMatchObject({
    inFlight: 0,
    abortedByClient: 0,
    cutBySimulator: 1,
  });
  const again = await startSimulator({ port: simulator.port });
  await again.close();
});

test('the profile in the guide is right', () => {
  const guide = readFileSync(new URL('../../../docs/guides/simulator.md', import.meta.url), 'utf8');
  const profiles = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) =>
    parseProfile(text, 'guide'),
  );
  expect(profiles.length).toBeGreaterThan(0);
  for (const parsed of profiles) expect(parsed).toMatchObject({ ok: true });
});
