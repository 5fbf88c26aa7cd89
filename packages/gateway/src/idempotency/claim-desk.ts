import type { ClaimEnd, ClaimReply, FromLedger, ToLedger } from './messages.ts';

/** What came of a claim, for the call that made it. */
export type Claimed = Exclude<ClaimReply, { kind: 'waiting' }> | { readonly kind: 'left' };

interface Open {
  readonly key: string;
  readonly maxWaitMs: number;
  readonly resolve: (claimed: Claimed) => void;
  timer: NodeJS.Timeout | null;
}

/** A claim that was made: its result, and how to give it up. */
export interface Claiming {
  readonly result: Promise<Claimed>;
  /** The caller is gone. */
  readonly leave: () => void;
}

/** A worker's side of the ledger: asks, waits no longer than it may, and says how calls ended. */
export class ClaimDesk {
  readonly #tell: (message: ToLedger) => void;
  readonly #open = new Map<number, Open>();
  #lastId = 0;

  constructor(tell: (message: ToLedger) => void) {
    this.#tell = tell;
  }

  claim(of: {
    readonly key: string;
    readonly fingerprint: string;
    readonly maxWaitMs: number;
  }): Claiming {
    const { key, fingerprint, maxWaitMs } = of;
    this.#lastId += 1;
    const id = this.#lastId;
    const result = new Promise<Claimed>((resolve) => {
      this.#open.set(id, { key, maxWaitMs, resolve, timer: null });
    });
    this.#tell({ kind: 'claim', id, key, fingerprint, waits: maxWaitMs > 0 });
    return { result, leave: () => this.#giveUp(id, 'left') };
  }

  end(key: string, claim: number, end: ClaimEnd): void {
    this.#tell({ kind: 'end', key, claim, end });
  }

  onReply({ id, reply }: FromLedger): void {
    const open = this.#open.get(id);
    // Given up meanwhile: the ledger hears of it, and passes on what it has just given.
    if (open === undefined) return;
    if (reply.kind === 'waiting') {
      open.timer = setTimeout(() => this.#giveUp(id, 'in_progress'), open.maxWaitMs);
      return;
    }
    this.#close(id, open);
    open.resolve(reply);
  }

  #giveUp(id: number, kind: 'left' | 'in_progress'): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#close(id, open);
    this.#tell({ kind: 'leave', id, key: open.key });
    open.resolve({ kind });
  }

  #close(id: number, open: Open): void {
    if (open.timer !== null) clearTimeout(open.timer);
    this.#open.delete(id);
  }
}
