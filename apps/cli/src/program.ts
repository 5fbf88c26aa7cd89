import { Command, InvalidArgumentError, Option } from 'commander';
import { type AlertFilter, listAlerts } from './commands/alerts.ts';
import { type AddOptions, addConsumer } from './commands/consumers/add.ts';
import { listConsumers } from './commands/consumers/list.ts';
import { diff } from './commands/diff.ts';
import { doctor } from './commands/doctor.ts';
import { showForecast } from './commands/forecast.ts';
import { addHandedOver } from './commands/hand-over.ts';
import { clearKeys } from './commands/keys/clear.ts';
import { listKeys } from './commands/keys/list.ts';
import { keySuggestions } from './commands/keys/suggestions.ts';
import { type LogFilter, listLogs } from './commands/logs/list.ts';
import { showLog } from './commands/logs/show.ts';
import { listModels } from './commands/models.ts';
import { listPools } from './commands/pools.ts';
import { reload } from './commands/reload.ts';
import { type RunContext, runContext } from './commands/run-context.ts';
import { DEFAULT_ADMIN_URL, DEFAULT_DATA, globalOptions } from './global-options.ts';
import type { Surroundings } from './terminal.ts';

interface Watching {
  readonly watch?: boolean;
}

/** The whole command line. `done` takes the exit code of a verb that ran elsewhere. */
export function createProgram(surroundings: Surroundings, done: (code: number) => void): Command {
  const program = new Command('keywell')
    .description('Keywell: an AI gateway whose API keys never leave their users stranded.')
    .option('--data <folder>', 'data folder of the gateway', DEFAULT_DATA)
    .option('--admin-url <url>', 'address of the admin listener', DEFAULT_ADMIN_URL)
    .option('--json', 'print JSON')
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: surroundings.terminal.out, writeErr: surroundings.terminal.err });
  const contextOf = (command: Command): RunContext =>
    runContext(surroundings, globalOptions(command));
  addHandedOver(program, surroundings, done);
  program
    .command('diff')
    .description('show what a configuration file would change')
    .argument('[file]', "file to compare with what runs (default: the gateway's own, as it is now)")
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      await diff(contextOf(command), file);
    });
  program
    .command('reload')
    .description('read the configuration file again and put it in force')
    .action(async (_: unknown, command: Command) => await reload(contextOf(command)));
  program
    .command('doctor')
    .description('explain what is wrong with this installation')
    .action(async (_: unknown, command: Command) => {
      await doctor(surroundings, globalOptions(command));
    });
  addKeys(program, contextOf);
  addConsumers(program, contextOf);
  program
    .command('pools')
    .description('list pools and what each tier can serve')
    .option('--watch', 'refresh every second')
    .action(async (options: Watching, command: Command) => {
      await listPools(contextOf(command), options.watch === true);
    });
  program
    .command('models')
    .description('list configured models with prices and abilities, or search the catalogue')
    .argument('[search...]', 'words of the name, or of the provider kind: look in the catalogue')
    .option('--all', 'the whole catalogue, or every match')
    .action(async (search: readonly string[], options: { all?: boolean }, command: Command) => {
      await listModels(contextOf(command), search, options);
    });
  addForecast(program, contextOf);
  addLogs(program, contextOf);
  for (const each of allCommands(program)) acceptGlobals(each, program);
  return program;
}

type ContextOf = (command: Command) => RunContext;

function addKeys(program: Command, contextOf: ContextOf): void {
  const keys = program.command('keys').description('upstream keys').enablePositionalOptions();
  keys
    .command('list')
    .description('list upstream keys with their cooldowns')
    .option('--watch', 'refresh every second')
    .action(async (options: Watching, command: Command) => {
      await listKeys(contextOf(command), options.watch === true);
    });
  keys
    .command('suggestions')
    .description('show which keys seem to share an account, and what speaks against the file')
    .action(async (_: unknown, command: Command) => await keySuggestions(contextOf(command)));
  keys
    .command('clear')
    .description('end cooldowns by hand')
    .argument('[key]', 'PROVIDER or PROVIDER/KEY')
    .option('--all', 'every cooldown')
    .action(async (key: string | undefined, options: { all?: boolean }, command: Command) => {
      await clearKeys(contextOf(command), key, options.all === true);
    });
}

function addConsumers(program: Command, contextOf: ContextOf): void {
  const consumers = program
    .command('consumers')
    .description('who may call')
    .enablePositionalOptions();
  consumers
    .command('list')
    .description('list consumers')
    .action(async (_: unknown, command: Command) => await listConsumers(contextOf(command)));
  consumers
    .command('add')
    .description('add a consumer and print its key, this once')
    .argument('<id>', 'name of the consumer')
    .option('--name <text>', 'a name for people')
    .option('--models <list>', 'model aliases or globs, separated by commas', listOf, ['*'])
    .option('--requests-per-minute <number>', 'requests in any 60 seconds', wholeNumber)
    .action(async (id: string, options: AddOptions, command: Command) => {
      await addConsumer(contextOf(command), id, options);
    });
}

function addForecast(program: Command, contextOf: ContextOf): void {
  program
    .command('forecast')
    .description('show what is left of each limit, how fast it goes, and when a pool runs dry')
    .option('--pool <id>', 'this pool only')
    .option('--watch', 'refresh every second')
    .action(async (options: Watching & { readonly pool?: string }, command: Command) => {
      await showForecast(contextOf(command), options);
    });
  program
    .command('alerts')
    .description('list alerts, newest first')
    .option('--active', 'only what is not over')
    .option('--limit <number>', 'how many (at most 500)', pageSize, 20)
    .option('--before <cursor>', 'go on where a list ended')
    .action(async (options: AlertFilter, command: Command) => {
      await listAlerts(contextOf(command), options);
    });
}

function addLogs(program: Command, contextOf: ContextOf): void {
  const logs = program
    .command('logs')
    .description('requests, and what happened to each')
    .enablePositionalOptions();
  logs
    .command('list', { isDefault: true })
    .description('list requests, newest first')
    .option('--limit <number>', 'how many (at most 500)', pageSize, 20)
    .option('--before <cursor>', 'go on where a list ended')
    .option('--consumer <id>', 'of this consumer')
    .option('--model <name>', 'of this model, as the caller named it')
    .option('--provider <id>', 'served by this provider')
    .option('--key <id>', 'served by this upstream key')
    .addOption(new Option('--status <status>', 'a status, or "error" for everything that failed'))
    .action(async (options: LogFilter, command: Command) => {
      await listLogs(contextOf(command), options);
    });
  logs
    .command('show')
    .description("draw a request's timeline: candidates, attempts, verdicts, waits")
    .argument('<id>', 'request id, as the keywell-request-id header names it')
    .action(async (id: string, _: unknown, command: Command) => {
      await showLog(contextOf(command), id);
    });
}

/** Every verb below a command, the command's own groups left out. */
export function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((each) =>
    each.commands.length > 0 ? allCommands(each) : [each],
  );
}

/** Verbs that run in apps/server. */
export const HANDED_OVER: ReadonlySet<string> = new Set(['start', 'simulate', 'check', 'replay']);

/** The global options work behind a verb too: `keywell keys list --json`. */
function acceptGlobals(command: Command, program: Command): void {
  if (HANDED_OVER.has(command.name())) return;
  for (const option of program.options) {
    const late = new Option(option.flags, option.description).hideHelp();
    command.addOption(late);
  }
}

const MAX_PAGE = 500;

const listOf = (text: string): readonly string[] => {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Separate names by one comma.');
  return names;
};

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
}

/** As the admin API has it. */
function pageSize(text: string): number {
  const size = wholeNumber(text);
  if (size >= 1 && size <= MAX_PAGE) return size;
  throw new InvalidArgumentError(`Not a number from 1 to ${MAX_PAGE}.`);
}
