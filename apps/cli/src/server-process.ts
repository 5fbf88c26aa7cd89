import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT } from './exit-codes.ts';

const SERVER = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url));
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const SIGNAL_EXIT_BASE = 128;
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGTERM: 15,
};

/** Runs a verb of apps/server in this terminal; signals go through to it, its exit code comes back. */
export function runServer(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [SERVER, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, as part of the terminal's group; a second copy would count as the second signal.
  const forward = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  return new Promise((resolve) => {
    const end = (code: number): void => {
      for (const signal of SIGNALS) process.off(signal, forward);
      resolve(code);
    };
    child.once('error', () => end(EXIT.failed));
    child.once('exit', (code, signal) =>
      end(code ?? SIGNAL_EXIT_BASE + (SIGNAL_NUMBERS[signal ?? ''] ?? 0)),
    );
  });
}

const MAX_OUTPUT = 64 * 1024;

/** Runs a verb of apps/server and answers what it printed, at most 64 KiB. */
export function askServer(args: readonly string[]): Promise<{ code: number; out: string }> {
  const child = spawn(process.execPath, [SERVER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  const take = (chunk: Buffer): void => {
    if (out.length < MAX_OUTPUT) out += chunk.toString('utf8');
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: EXIT.failed, out: error.message }));
    child.once('close', (code) => resolve({ code: code ?? EXIT.failed, out }));
  });
}
