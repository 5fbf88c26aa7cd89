import type { Command } from 'commander';
import type { GlobalOptions } from './terminal.ts';

export const DEFAULT_ADMIN_URL = 'http://127.0.0.1:8081';
export const DEFAULT_DATA = './.keywell';

/**
 * The global options of a command, wherever on the line they were given; the place nearest to the verb's end wins. Not commander's own merge, in which a
 * default of the program beats what was written behind the verb.
 */
export function globalOptions(command: Command): GlobalOptions {
  const chain: Command[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) chain.push(at);
  const given = (name: string): unknown =>
    chain.find((each) => each.getOptionValueSource(name) === 'cli')?.getOptionValue(name);
  const [data, adminUrl] = [given('data'), given('adminUrl')];
  return {
    data: typeof data === 'string' ? data : DEFAULT_DATA,
    adminUrl: typeof adminUrl === 'string' ? adminUrl : DEFAULT_ADMIN_URL,
    json: given('json') === true,
  };
}
