import { runTuned } from './config.ts';

// Before anything else is loaded.
runTuned();
const { runCommand } = await import('./commands/run-command.ts');
await runCommand(process.argv.slice(2));
