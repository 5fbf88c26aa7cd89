import type { Command } from 'commander';
import { globalOptions } from '../global-options.ts';
import type { Surroundings } from '../terminal.ts';

const VERBS: readonly (readonly [string, string])[] = [
  ['start', 'start the gateway and the admin listener'],
  ['simulate', 'start a simulated provider to test applications against exhaustion'],
  ['check', 'check a configuration file without starting anything'],
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
        const { data, json } = globalOptions(command);
        const given = command.parent?.getOptionValueSource('data') === 'cli';
        const before = [
          ...(given && verb === 'start' ? ['--data', data] : []),
          ...(json && verb === 'check' ? ['--json'] : []),
        ];
        done(await surroundings.runServer([verb, ...before, ...args]));
      });
  }
}
