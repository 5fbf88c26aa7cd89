import { EXIT_MEANINGS } from '../../apps/cli/src/exit-codes.ts';
import { HANDED_OVER, allCommands, createProgram } from '../../apps/cli/src/program.ts';
import { markdownTable } from './markdown-table.ts';

type Command = ReturnType<typeof createProgram>;

/** Nothing runs while the page is written. */
const NOWHERE = {
  terminal: { out: () => undefined, err: () => undefined, screen: false, color: false },
  pause: () => Promise.resolve(),
  ended: AbortSignal.abort(),
  runServer: () => Promise.resolve(0),
  askServer: () => Promise.resolve({ code: 0, out: '' }),
};

/** docs/reference/cli.md, from the commands themselves. */
export function cliPage(): string {
  const program = createProgram(NOWHERE, () => undefined);
  const exits = EXIT_MEANINGS.map(([code, means]) => [String(code), means]);
  return `# Command line

\`keywell VERB\`, or \`npm run keywell -- VERB\` in a clone. Verbs that ask the gateway speak to its admin listener with the token in the data folder, so run them
on the same machine and as the same user. Tables are coloured on a terminal only, and never where \`NO_COLOR\` is set; \`--json\` prints what the
[admin API](admin-api.json) answers.

## Options of every verb

${optionTable(program)}

They may stand before or behind the verb.

${allCommands(program).map(section).join('\n\n')}

## Exit codes

${markdownTable(['code', 'means'], exits)}

A verb ended by a signal exits with 128 and the signal's number. Errors are written to stderr, with what to do.

This page is generated from \`apps/cli/src/program.ts\` by \`npm run docs\`.
`;
}

function nameOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${nameOf(parent)} ${command.name()}`;
}

function section(command: Command): string {
  const handedOver = HANDED_OVER.has(command.name());
  const parts = command.registeredArguments.map((each) =>
    each.required ? `<${each.name()}>` : `[${each.name()}${each.variadic ? '...' : ''}]`,
  );
  const lines = [
    `## \`${[nameOf(command), ...parts].join(' ')}\``,
    `${sentence(command.description())}${handedOver ? ` \`${nameOf(command)} --help\` lists its options.` : ''}`,
  ];
  const given = command.registeredArguments.filter(
    (each) => !handedOver && each.description !== '',
  );
  if (given.length > 0)
    lines.push(given.map((each) => `- \`${each.name()}\`: ${each.description}`).join('\n'));
  if (visible(command).length > 0) lines.push(optionTable(command));
  return lines.join('\n\n');
}

const visible = (command: Command) => command.options.filter((each) => !each.hidden);

function optionTable(command: Command): string {
  const rows = visible(command).map((each) => [
    `\`${each.flags}\``,
    each.description,
    each.defaultValue === undefined ? '–' : `\`${String(each.defaultValue)}\``,
  ]);
  return markdownTable(['option', 'means', 'default'], rows);
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
