// Every process the bench starts, so that none outlives it.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Started {
  readonly pid: number;
  /** Rejects when the process ends before it was asked to. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Takes both outputs; its end is shown when the process dies. */
  readonly logFile: string;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

/** Asks with SIGTERM, and takes it away after five seconds. */
async function stopChild(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended(child);
  clearTimeout(force);
  running.delete(child);
}

/** Starts a server that runs until it is stopped. */
export function start(options: StartOptions): Started {
  const log = openSync(options.logFile, 'w', 0o600);
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.env },
  });
  closeSync(log);
  running.add(child);
  let stopping = false;
  const died = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new Error(`${options.command}: ${error.message}`)));
    child.once('exit', (code, signal) => {
      running.delete(child);
      if (stopping) return;
      const said = readFileSync(options.logFile, 'utf8').trim().split('\n').slice(-8).join('\n');
      reject(new Error(`${options.command} ended (${signal ?? code}):\n${said}`));
    });
  });
  // Whoever waits for the server races this; between waits nobody may be listening.
  died.catch(() => {});
  return {
    pid: child.pid ?? 0,
    died,
    stop: () => {
      stopping = true;
      return stopChild(child);
    },
  };
}

/** Runs a program to its end and returns what it printed. Rejects on a failure or when it takes longer than `maxMs`. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly maxMs: number },
): Promise<string> {
  const child = spawn(command, args, { cwd: options.cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const force = setTimeout(() => child.kill('SIGKILL'), options.maxMs);
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  try {
    const [output] = await Promise.race([Promise.all([text(child.stdout), ended(child)]), failed]);
    if (child.exitCode === 0) return output;
    throw new Error(`${command} failed (${child.signalCode ?? child.exitCode})`);
  } finally {
    clearTimeout(force);
    running.delete(child);
  }
}

/** Makes the build that a Keywell runs, so that its start is not measured with it. */
export async function buildNode(repository: string): Promise<void> {
  await run(process.execPath, [join(repository, 'apps/server/src/launch/make-build.ts')], {
    cwd: repository,
    maxMs: 60_000,
  });
}

/** Starts a program of ours that prints its port when it is up and ends with its standard input. */
export async function startTool(
  args: readonly string[],
  cwd: string,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  running.add(child);
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString()));
    child.once('exit', (code) => reject(new Error(`${args[0]} ended (${code})`)));
  });
  return { port: Number(line), stop: () => stopChild(child) };
}

/** A port nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
