import { runSimulator, type RunSimulatorOptions } from '@keywell/simulator/run-simulator';
import { EXIT } from './exit-codes.ts';

/** Runs a simulated provider until a signal ends it. */
export async function simulate(options: Omit<RunSimulatorOptions, 'print'>): Promise<void> {
  const run = await runSimulator({
    ...options,
    print: (line) => process.stdout.write(`${line}\n`),
  });
  if (!run.ok) {
    for (const problem of run.problems) process.stderr.write(`keywell simulate: ${problem}\n`);
    process.exitCode = EXIT.failed;
    return;
  }
  const stop = (): void => {
    void run.stop().then(() => process.exit(EXIT.ok));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
