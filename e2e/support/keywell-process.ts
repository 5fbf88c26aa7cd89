import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'server', 'src', 'main.ts');
const READY_WITHIN_MS = 20_000;

interface Ports {
  readonly traffic: number;
  readonly admin: number;
}

export interface KeywellOptions {
  /** The program to start; by default this workspace's. */
  readonly main?: string;
  /** Text of keywell.yaml; null writes no file. */
  readonly config: string | null;
  /** Whether the file is named on the command line (the default), or found in the working folder where it exists. */
  readonly named?: boolean;
  readonly workers?: number;
  /** The folder of an earlier process, to restart on what it left. */
  readonly dir?: string;
  readonly ports?: Ports;
  readonly env?: Readonly<Record<string, string>>;
}

/** A whole Keywell in a process of its own, as a user runs it. */
export class KeywellProcess {
  readonly dir: string;
  readonly dataDir: string;
  readonly configFile: string;
  readonly ports: Ports;
  readonly origin: string;
  readonly baseUrl: string;
  readonly adminUrl: string;
  readonly child: ChildProcess;
  /** The exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  #printed = '';

  constructor(options: KeywellOptions, ports: Ports) {
    this.dir = options.dir ?? mkdtempSync(join(tmpdir(), 'keywell-story-'));
    this.dataDir = join(this.dir, options.named === false ? '.keywell' : 'data');
    this.configFile = join(this.dir, 'keywell.yaml');
    if (options.config !== null) writeFileSync(this.configFile, options.config);
    this.ports = ports;
    this.origin = `http://127.0.0.1:${ports.traffic}`;
    this.baseUrl = `${this.origin}/v1`;
    this.adminUrl = `http://127.0.0.1:${ports.admin}`;
    const child = spawn(
      process.execPath,
      [options.main ?? MAIN, 'start', ...this.#flags(options)],
      {
        cwd: this.dir,
        env: { ...process.env, ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const keep = (chunk: Buffer): void => {
      this.#printed += chunk.toString('utf8');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.child = child;
    this.exited = new Promise((resolve) => {
      child.on('close', (code) => resolve(code));
    });
  }

  #flags(options: KeywellOptions): readonly string[] {
    const { traffic, admin } = this.ports;
    const named = ['--config', this.configFile, '--data', this.dataDir];
    const ports = ['--port', String(traffic), '--admin-port', String(admin)];
    const workers = ['--workers', String(options.workers ?? 2)];
    return [...(options.named === false ? [] : named), ...ports, ...workers];
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Everything it printed so far. */
  output(): string {
    return this.#printed;
  }

  admin(path: string, init: RequestInit = {}): Promise<Response> {
    const token = readFileSync(join(this.dataDir, 'admin-token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return fetch(`${this.adminUrl}${path}`, { ...init, headers });
  }

  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Stops what still runs and removes the folder. */
  async dispose(): Promise<void> {
    if (this.running) await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Resolves when both listeners say that they are ready. */
  async untilReady(): Promise<void> {
    for (const endsAt = Date.now() + READY_WITHIN_MS; Date.now() < endsAt && this.running;) {
      if ((await isReady(this.origin)) && (await isReady(this.adminUrl))) return;
      await pause(20);
    }
    await this.dispose();
    throw new Error(`keywell did not get ready:\n${this.output()}`);
  }
}

async function isReady(origin: string): Promise<boolean> {
  return (await fetch(`${origin}/readyz`).catch(() => null))?.ok === true;
}

export async function startKeywell(options: KeywellOptions): Promise<KeywellProcess> {
  const keywell = await launchKeywell(options);
  await keywell.untilReady();
  return keywell;
}

/** Like startKeywell for a start that is expected to fail: waits for nothing. */
export async function launchKeywell(options: KeywellOptions): Promise<KeywellProcess> {
  const ports = options.ports ?? { traffic: await freePort(), admin: await freePort() };
  return new KeywellProcess(options, ports);
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
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
