import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { EXIT } from './exit-codes.ts';

const MAX_WORKERS = 64;
const ADMIN_URL = 'http://127.0.0.1:8081';

/** Parses the verb and runs it; the verbs themselves are loaded when they are asked for. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = new Command('keywell')
    .description('Keywell: an AI gateway whose API keys never leave their users stranded.')
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
    });
  addStart(program);
  addSimulate(program);
  addCheck(program);
  addReplay(program);
  await program.parseAsync([...argv], { from: 'user' });
}

function addStart(program: Command): void {
  program
    .command('start')
    .description('start the gateway and the admin listener')
    .option('--config <file>', 'configuration file (default: ./keywell.yaml)')
    .option('--data <folder>', 'data folder', './.keywell')
    .option('--host <address>', 'address of the traffic listener', '127.0.0.1')
    .option('--port <number>', 'port of the traffic listener', portOf, 8080)
    .option('--admin-host <address>', 'address of the admin listener', '127.0.0.1')
    .option('--admin-port <number>', 'port of the admin listener', portOf, 8081)
    .option('--workers <number>', 'threads that serve traffic', workersOf, defaultWorkers())
    .action(async (flags: StartFlags) => {
      const { startServer } = await import('../start/start-server.ts');
      await startServer({
        configFile: resolve(flags.config ?? './keywell.yaml'),
        configRequired: flags.config !== undefined,
        dataDir: resolve(flags.data),
        host: flags.host,
        port: flags.port,
        adminHost: flags.adminHost,
        adminPort: flags.adminPort,
        workers: flags.workers,
      });
    });
}

interface StartFlags {
  readonly config?: string;
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly workers: number;
}

function addSimulate(program: Command): void {
  program
    .command('simulate')
    .description('start a simulated provider to test applications against exhaustion')
    .option('--profile <file>', 'YAML profile (default: two keys, generous limits)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on', portOf, 9090)
    .option('--seed <number>', 'seed of everything random', wholeOf, 1)
    .action(async (flags: SimulateFlags) => {
      const { simulate } = await import('./simulate.ts');
      await simulate({ ...flags, profileFile: flags.profile });
    });
}

interface SimulateFlags {
  readonly profile?: string;
  readonly host: string;
  readonly port: number;
  readonly seed: number;
}

function addCheck(program: Command): void {
  program
    .command('check')
    .description('check a configuration file without starting anything')
    .argument('[file]', 'configuration file', './keywell.yaml')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: { readonly json?: boolean }) => {
      const { check } = await import('./check.ts');
      process.exitCode = await check(resolve(file), flags.json === true);
    });
}

function addReplay(program: Command): void {
  program
    .command('replay')
    .description('run logged traffic through another configuration, under virtual time')
    .requiredOption(
      '--from <time>',
      'begin, and behind a slash the end (default: now); 2026-11-25T10:00 is UTC',
    )
    .requiredOption('--config <file>', 'the configuration to try')
    .option('--data <folder>', 'data folder of the log', './.keywell')
    .option('--admin-url <url>', 'admin listener, where a gateway runs on it', ADMIN_URL)
    .option('--seed <number>', 'seed of everything random', wholeOf, 1)
    .option('--json', 'print JSON')
    .action(async (flags: ReplayFlags) => {
      const { replay } = await import('./replay.ts');
      process.exitCode = await replay({
        from: flags.from,
        configFile: resolve(flags.config),
        dataDir: resolve(flags.data),
        adminUrl: flags.adminUrl.replace(/\/+$/, ''),
        seed: flags.seed,
        json: flags.json === true,
      });
    });
}

interface ReplayFlags {
  readonly from: string;
  readonly config: string;
  readonly data: string;
  readonly adminUrl: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** A worker for each processor; one where the system does not spread connections over listeners that share a port. */
function defaultWorkers(): number {
  return process.platform === 'linux' ? Math.min(availableParallelism(), MAX_WORKERS) : 1;
}

function workersOf(text: string): number {
  const count = wholeOf(text);
  if (count < 1 || count > MAX_WORKERS) {
    throw new InvalidArgumentError(`Expected a number from 1 to ${MAX_WORKERS}.`);
  }
  if (count > 1 && process.platform !== 'linux') {
    throw new InvalidArgumentError('This system does not balance a shared port; use 1.');
  }
  return count;
}

function portOf(text: string): number {
  const port = wholeOf(text);
  if (port > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return port;
}

function wholeOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
