import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 2;

/**
 * Waits until `look` finds something (anything but false and null) and resolves with it. Rejects when it has found nothing in time,
 * naming what was waited for.
 */
export async function until<T>(
  look: () => T | false | null | Promise<T | false | null>,
  what: string,
  withinMs = 1000,
): Promise<T> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== false && found !== null) return found;
    if (performance.now() > giveUpAt) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}
