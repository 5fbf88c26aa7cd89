/** Asks gateway workers that were started with `telling-worker.contract.ts` what they hold. */
import { BroadcastChannel } from 'node:worker_threads';

/** What is asked over this channel is answered over it, so that every worker hears the others' answers too. */
export const HELD_CHANNEL = 'keywell-held-by-workers';
export const HELD_QUESTION = 'what do you hold?';
export const TELLING_WORKER = new URL('./telling-worker.contract.ts', import.meta.url);

/** What one worker holds. */
export interface Held {
  readonly worker: number;
  /** After everything was collected that is in nobody's hands. */
  readonly heapBytes: number;
  /** Attempts that hold something of the key table that rules, and settlements that wait for a record of it. */
  readonly leases: number;
  readonly deferred: number;
  /** Its calls in the queue, by the shared table. */
  readonly tickets: number;
  /** Whatever has a deadline: connections, calls, attempts. */
  readonly deadlines: number;
  /** Timers that keep its event loop alive. */
  readonly timers: number;
}

/** Asks all workers of this process; resolves when `count` have answered, in their order. */
export async function askWorkers(count: number): Promise<readonly Held[]> {
  const channel = new BroadcastChannel(HELD_CHANNEL);
  try {
    return await new Promise((resolve) => {
      const told: Held[] = [];
      channel.addEventListener('message', (message: unknown): void => {
        told.push(heldIn(message));
        if (told.length === count) resolve(told.toSorted((one, two) => one.worker - two.worker));
      });
      channel.postMessage(HELD_QUESTION);
    });
  } finally {
    channel.close();
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody but the workers answers on this channel
const heldIn = (message: unknown): Held => (message as { readonly data: Held }).data;
