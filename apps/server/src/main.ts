import { isWarmUp } from './config.ts';
import { runTuned } from './launch/run-tuned.ts';

// Before anything else is loaded.
runTuned();
if (isWarmUp()) {
  const { warmUp } = await import('./warm-up.ts');
  await warmUp();
} else {
  await import('./program.ts');
}
