/**
 * Loads all that a running node loads, and starts nothing: what is compiled on the way stays in the cache, so that the process and
 * threads that come after it find everything there. The list is what threads begin with, and what is loaded only when it is asked for.
 */
export async function warmUp(): Promise<void> {
  await import('./commands/run-command.ts');
  await import('./start/start-server.ts');
  await import('@keywell/gateway/worker/worker-main');
  await import('@keywell/storage/log/duckdb-log-thread');
  await import('./simulated-provider/simulated-provider-worker.ts');
}
