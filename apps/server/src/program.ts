/** What a process does once it has its settings. A build begins here, and sources without a build go on here. */
import { runCommand } from './commands/run-command.ts';

await runCommand(process.argv.slice(2));
