import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'server', 'src', 'main.ts');
const READY_WITHIN_MS = 20_000;

export interface KeywellOptions {
  /** Text of keywell.yaml; null starts without a file. */
  readonly config: string | null;
  readonly workers?: number;
  /** The folder of an earlier process, to restart on what it left. */
  readonly dir?: string;
  readonly ports?: { readonly traffic: number; readonly admin: number };
  readonly env?: Readonly<Record<string, string>>;
}

/** A whole Keywell in a process of its own, as a user runs it. */
export interface KeywellProcess {
  readonly dir: string;
  readonly dataDir: string;
  readonly configFile: string;
  readonly ports: { readonly traffic: number; readonly admin: number };
  readonly origin: string;
  readonly baseUrl: string;
  readonly adminUrl: string;
  readonly child: ChildProcess;
  /** Everything it printed so far. */
  output(): string;
  admin(path: string, init?: RequestInit): Promise<Response>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Stops what still runs and removes the folder. */
  dispose(): Promise<void>;
}

export async function startKeywell(options: KeywellOptions): Promise<KeywellProcess> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'keywell-story-'));
  const dataDir = join(dir, 'data');
  const configFile = join(dir, 'keywell.yaml');
  if (options.config !== null) writeFileSync(configFile, options.config);
  const ports = options.ports ?? { traffic: await freePort(), admin: await freePort() };
  const child = spawn(
    process.execPath,
    [
      MAIN,
      'start',
      '--config',
      configFile,
      '--data',
      dataDir,
      '--port',
      String(ports.traffic),
      '--admin-port',
      String(ports.admin),
      '--workers',
      String(options.workers ?? 2),
    ],
    { cwd: dir, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let printed = '';
  const keep = (chunk: Buffer): void => {
    printed += chunk.toString('utf8');
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const origin = `http://127.0.0.1:${ports.traffic}`;
  const adminUrl = `http://127.0.0.1:${ports.admin}`;
  const exited = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => resolve(code));
  });
  const keywell: KeywellProcess = {
    dir,
    dataDir,
    configFile,
    ports,
    origin,
    baseUrl: `${origin}/v1`,
    adminUrl,
    child,
    output: () => printed,
    admin: (path, init = {}) =>
      fetch(`${adminUrl}${path}`, {
        ...init,
        headers: {
          authorization: `Bearer ${readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()}`,
          'content-type': 'application/json',
        },
      }),
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    dispose: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await exited;
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await untilReady(keywell, exited);
  return keywell;
}

async function untilReady(keywell: KeywellProcess, exited: Promise<unknown>): Promise<void> {
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  for (const endsAt = Date.now() + READY_WITHIN_MS; Date.now() < endsAt && !gone;) {
    const answer = await fetch(`${keywell.origin}/readyz`).catch(() => null);
    if (answer?.ok === true) return;
    await pause(20);
  }
  const output = keywell.output();
  await keywell.dispose();
  throw new Error(`keywell did not get ready:\n${output}`);
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Polls until the condition holds; fails with the label after the deadline. */
export async function eventually(
  label: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 5000,
): Promise<void> {
  for (const endsAt = Date.now() + withinMs; Date.now() < endsAt;) {
    if (await condition()) return;
    await pause(20);
  }
  throw new Error(`did not happen within ${withinMs} ms: ${label}`);
}
