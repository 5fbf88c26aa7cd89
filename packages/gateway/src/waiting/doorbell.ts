import { answerBell, bellCell, type WaitingTable } from '@keywell/core/waiting/waiting-table';

/**
 * Answers this worker's doorbell for as long as it lives: one wait for the whole worker, whoever waits in it. The bell is answered before
 * anything is looked at, so that a ring in between is not lost.
 */
export async function answerDoorbell(table: WaitingTable, onRing: () => void): Promise<void> {
  const cell = bellCell(table.worker);
  for (;;) {
    const wait = Atomics.waitAsync(table.ints, cell, 0);
    // oxlint-disable-next-line no-await-in-loop -- one ring after the other
    if (wait.async) await wait.value;
    if (answerBell(table)) onRing();
  }
}
