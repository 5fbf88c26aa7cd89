// The Keywell of the dialects' bench, in a process of its own.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatConsumerKey } from '../../packages/core/src/access/consumer-key.ts';
import { keyHashOf } from '../../packages/core/src/access/key-hash.ts';
import { buildNode, freePort, start, type Started } from '../children.ts';
import type { ThreadReading } from './watch-thread.ts';

/** A Keywell that is up. */
export interface Keywell extends Started {
  readonly port: number;
  readonly key: string;
  /** What each of its threads says of itself; `reset` collects garbage and starts counting stalls anew. */
  ask(question: 'reset' | 'read'): Promise<readonly ThreadReading[]>;
}

const READY_WITHIN_MS = 20_000;

/** Starts it in front of a provider at a port. `watched`: its threads can be asked. */
export async function startKeywell(options: {
  readonly repository: string;
  readonly folder: string;
  readonly upstreamPort: number;
  readonly workers: number;
  readonly watched: boolean;
}): Promise<Keywell> {
  const { repository, folder, upstreamPort, workers, watched } = options;
  const key = formatConsumerKey(randomBytes(7), randomBytes(32));
  const hash = keyHashOf(key, (each) => createHash('sha256').update(each).digest('hex'));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const template = readFileSync(join(repository, 'bench/dialects/keywell.yaml'), 'utf8');
  const config = join(folder, 'keywell.yaml');
  writeFileSync(
    config,
    template.replaceAll('UPSTREAM_PORT', String(upstreamPort)).replace('KEY_HASH', hash),
  );
  const [port, adminPort] = [await freePort(), await freePort()];
  const flags = { config, data: join(folder, 'data'), port, 'admin-port': adminPort, workers };
  const watch = watched
    ? {
        NODE_OPTIONS: `--import=${join(repository, 'bench/dialects/watch-thread.ts')}`,
        BENCH_WATCH: folder,
      }
    : {};
  await buildNode(repository);
  const started = start({
    command: process.execPath,
    args: [
      join(repository, 'apps/server/src/main.ts'),
      'start',
      ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
    env: { BENCH_KEY_A: 'bench-key-a', ...watch },
    cwd: folder,
    logFile: join(folder, 'keywell.log'),
  });
  try {
    await Promise.race([untilReady(port), started.died]);
  } catch (error) {
    await started.stop();
    throw error;
  }
  return { ...started, port, key, ask: (question) => askAll(folder, question) };
}

async function untilReady(port: number): Promise<void> {
  const from = performance.now();
  while (performance.now() - from < READY_WITHIN_MS) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (answer?.ok === true) return;
    await sleep(50);
  }
  throw new Error('Keywell did not become ready');
}

/** Threads that have ended meanwhile say nothing. */
async function askAll(folder: string, question: string): Promise<readonly ThreadReading[]> {
  const sockets = readdirSync(folder).filter((name) => name.endsWith('.sock'));
  const said = await Promise.all(
    sockets.map(async (name): Promise<readonly ThreadReading[]> => {
      const socket = connect(join(folder, name));
      socket.write(question);
      const answer = await text(socket).catch(() => null);
      return answer === null ? [] : [JSON.parse(answer)];
    }),
  );
  return said.flat();
}
