import { isWarmUp, runTuned } from './config.ts';

// Before anything else is loaded.
runTuned();
if (isWarmUp()) {
  const { warmUp } = await import('./warm-up.ts');
  await warmUp();
} else {
  const { runCommand } = await import('./commands/run-command.ts');
  await runCommand(process.argv.slice(2));
}
