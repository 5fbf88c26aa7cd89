import { Worker } from 'node:worker_threads';

const START_WITHIN_MS = 10_000;
const STOP_WITHIN_MS = 1000;

/** Keys of the simulator's default profile. They open nothing but the simulator, and are no secrets. */
const SIMULATED_KEYS: Readonly<Record<string, string>> = {
  KEYWELL_SIMULATOR_KEY_A: 'sk-simulator-key-a',
  KEYWELL_SIMULATOR_KEY_B: 'sk-simulator-key-b',
};

/** A provider that works without network or account, for the first call after installing. */
export interface SimulatedProvider {
  readonly url: string;
  /** The configuration that is in force while no file exists. */
  readonly configuration: unknown;
  /** Resolves the key references of that configuration. */
  readonly readKey: (name: string) => string | undefined;
  stop(): Promise<void>;
}

export async function startSimulatedProvider(): Promise<SimulatedProvider> {
  const thread = new Worker(new URL('./simulated-provider-worker.ts', import.meta.url), {
    name: 'simulator',
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 },
  });
  const url = await untilUp(thread);
  return {
    url,
    configuration: simulatedConfiguration(url),
    readKey: (name) => SIMULATED_KEYS[name],
    stop: () => stop(thread),
  };
}

function untilUp(thread: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error('the simulator did not start in time')),
      START_WITHIN_MS,
    );
    thread.once('message', ({ url }: { readonly url: string }) => {
      clearTimeout(late);
      resolve(url);
    });
    thread.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
  });
}

async function stop(thread: Worker): Promise<void> {
  const exited = new Promise<void>((resolve) => {
    thread.once('exit', () => resolve());
  });
  thread.postMessage('stop');
  const late = setTimeout(() => void thread.terminate(), STOP_WITHIN_MS);
  await exited;
  clearTimeout(late);
}

const pool = (id: string, model: string): object => ({
  id,
  tiers: [{ targets: [{ provider: 'simulator', model }] }],
});

const key = (id: string, name: string, domain: string): object => ({
  id,
  value: `env:${name}`,
  domain,
});

function simulatedConfiguration(url: string): unknown {
  return {
    version: 1,
    providers: [
      {
        id: 'simulator',
        kind: 'openai',
        base_url: url,
        keys: [
          key('a', 'KEYWELL_SIMULATOR_KEY_A', 'org-simulator-1'),
          key('b', 'KEYWELL_SIMULATOR_KEY_B', 'org-simulator-2'),
        ],
      },
    ],
    pools: [
      pool('chat', 'gpt-5-mini'),
      pool('completions', 'gpt-3.5-turbo-instruct'),
      pool('embeddings', 'text-embedding-3-small'),
    ],
    models: [
      { alias: 'smart', pool: 'chat' },
      { alias: 'gpt-5-mini', pool: 'chat' },
      { alias: 'gpt-3.5-turbo-instruct', pool: 'completions' },
      { alias: 'text-embedding-3-small', pool: 'embeddings' },
    ],
  };
}
