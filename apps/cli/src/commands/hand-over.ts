import type { Command } from 'commander';
import { globalOptions } from '../global-options.ts';
import type { Surroundings } from '../terminal.ts';

const VERBS: readonly (readonly [string, string])[] = [
  ['start', 'start the gateway and the admin listener'],
  ['simulate', 'start a simulated provider to test applications against exhaustion'],
  ['check', 'check a configuration file without starting anything'],
  ['replay', 'run logged traffic through another configuration, under virtual time'],
];

/** The verbs that need the product itself: they run in apps/server, with everything after the verb passed on as it is. */
export function addHandedOver(
  program: Command,
  surroundings: Surroundings,
  done: (code: number) => void,
): void {
  for (const [verb, description] of VERBS) {
    program
      .command(verb)
      .description(description)
      .argument('[options...]', `see "keywell ${verb} --help"`)
      .helpOption(false)
      .allowUnknownOption()
      .passThroughOptions()
      .action(async (args: readonly string[], _: unknown, command: Command) => {
        const { data, json, adminUrl } = globalOptions(command);
        const isGiven = (name: string): boolean =>
          command.parent?.getOptionValueSource(name) === 'cli';
        const before = [
          ...(isGiven('data') && (verb === 'start' || verb === 'replay') ? ['--data', data] : []),
          ...(isGiven('adminUrl') && verb === 'replay' ? ['--admin-url', adminUrl] : []),
          ...(json && (verb === 'check' || verb === 'replay') ? ['--json'] : []),
        ];
        done(await surroundings.runServer([verb, ...before, ...args]));
      });
  }
}
