import type { Logger } from 'pino';
import type { GatewayNode } from '@keywell/gateway/node/gateway-node';
import { EXIT } from '../commands/exit-codes.ts';

/** What is left after the grace may take this long to close; then the process ends as it is. */
const CLOSE_WITHIN_MS = 10_000;
/** One Ctrl-C can arrive more than once: from the terminal, and from whatever started us and passes it on. */
const SAME_SIGNAL_MS = 500;

/** What is there to be ended, once everything is up. */
export interface Endable {
  readonly graceMs: () => number;
  readonly reload: () => void;
  readonly end: () => Promise<void>;
  readonly node: Pick<GatewayNode, 'drain'>;
}

/**
 * SIGTERM and SIGINT drain and end; one that comes later than half a second after the first ends at once. SIGHUP reloads the
 * configuration. Listens from before anything is brought up, because callers may be served a moment before all is up: what is asked
 * for meanwhile is done then. Standard output may be closed by whoever reads it: that ends nothing.
 */
export class Signals {
  readonly #log: Logger;
  readonly #now: () => number;
  #up: Endable | null = null;
  #askedAt: number | null = null;
  #reloadAsked = false;

  constructor(log: Logger, now: () => number) {
    this.#log = log;
    this.#now = now;
    process.on('SIGTERM', (signal) => this.#end(signal));
    process.on('SIGINT', (signal) => this.#end(signal));
    process.on('SIGHUP', () => this.#reload());
    process.stdout.on('error', ignore);
    process.stderr.on('error', ignore);
  }

  /** Everything is up. */
  obey(up: Endable): void {
    this.#up = up;
    if (this.#askedAt !== null) void this.#drainAndEnd(up);
    else if (this.#reloadAsked) up.reload();
  }

  #end(signal: string): void {
    const now = this.#now();
    if (this.#askedAt !== null) {
      if (now - this.#askedAt > SAME_SIGNAL_MS) process.exit(EXIT.failed);
      return;
    }
    this.#askedAt = now;
    this.#log.info({ signal }, 'draining; the same signal again ends at once');
    if (this.#up !== null) void this.#drainAndEnd(this.#up);
  }

  #reload(): void {
    this.#reloadAsked = true;
    this.#up?.reload();
  }

  async #drainAndEnd(up: Endable): Promise<void> {
    const graceMs = up.graceMs();
    setTimeout(() => process.exit(EXIT.failed), graceMs + CLOSE_WITHIN_MS).unref();
    const cut = await up.node.drain(graceMs);
    if (cut > 0) this.#log.warn({ cut }, 'requests were cut at the end of the grace');
    await up.end();
    process.exit(EXIT.ok);
  }
}

function ignore(): void {
  // The reader of our output is gone; there is nobody left to tell.
}
