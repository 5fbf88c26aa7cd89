/** Waiting and writing that stop when the other side is gone: every wait ends with the response's close at the latest. */
import type { ServerResponse } from 'node:http';

const gone = (response: ServerResponse): boolean => response.destroyed || response.closed;

/** The simulator itself has failed: says so where it still can, so that an embedding process lives on. */
export function failed(response: ServerResponse, error: unknown): void {
  if (response.headersSent || gone(response)) {
    response.destroy();
    return;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`the simulator failed: ${text}\n`);
}

/** Waits; false when the connection closed meanwhile. */
export function pause(response: ServerResponse, ms: number): Promise<boolean> {
  if (gone(response)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const closed = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      response.off('close', closed);
      resolve(!gone(response));
    }, ms);
    response.once('close', closed);
  });
}

/** Waits until the connection closes, however long. */
export async function untilClosed(response: ServerResponse): Promise<void> {
  if (gone(response)) return;
  await new Promise<void>((resolve) => {
    response.once('close', () => resolve());
  });
}

/** Writes with back-pressure; false when the connection is gone. */
export function write(
  response: ServerResponse,
  chunk: string | Uint8Array,
): boolean | Promise<boolean> {
  if (gone(response)) return false;
  if (response.write(chunk)) return true;
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle);
      response.off('close', settle);
      resolve(!gone(response));
    };
    response.once('drain', settle);
    response.once('close', settle);
  });
}
