import { keepCompiledCode } from './config.ts';

// Before anything else is loaded: what is loaded after this comes from the cache.
keepCompiledCode();
const { runCommand } = await import('./commands/run-command.ts');
await runCommand(process.argv.slice(2));
