import type { IdempotencyRecord } from '@keywell/core/snapshot/snapshot';
import type { ClaimReply, FromLedger, KeptAnswer, ToLedger } from './messages.ts';

/** Somebody who carries a call out, or waits for the answer to one under way. */
interface Caller {
  readonly worker: number;
  readonly id: number;
}

interface Entry {
  readonly fingerprint: string;
  state: 'running' | 'answered' | 'unknown';
  /** The claim of the call that runs, and who holds it. */
  claim: number;
  holder: Caller;
  waiters: Caller[];
  answer: KeptAnswer | null;
  expiresAt: number;
}

/** What an entry takes beside its answer's body. */
const ENTRY_BYTES = 512;

/**
 * Who carries a call out when several say they are the same: one ledger for the node, on the main thread, so that it holds across
 * workers. Only calls with an `Idempotency-Key` come here. Remembers a bounded number of answers, the oldest go first; a call that is
 * under way is never forgotten.
 */
export class ClaimLedger {
  readonly #tell: (worker: number, message: FromLedger) => void;
  readonly #now: () => number;
  /** In the order in which they ended, those under way where they began. */
  readonly #entries = new Map<string, Entry>();
  #limits: IdempotencyRecord;
  #bytes = 0;
  #claims = 0;

  constructor(
    limits: IdempotencyRecord,
    now: () => number,
    tell: (worker: number, message: FromLedger) => void,
  ) {
    this.#limits = limits;
    this.#now = now;
    this.#tell = tell;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of kept answers, and of what is remembered beside them. */
  get bytes(): number {
    return this.#bytes;
  }

  configure(limits: IdempotencyRecord): void {
    this.#limits = limits;
    this.#makeRoom();
  }

  onMessage(worker: number, message: ToLedger): void {
    if (message.kind === 'claim') this.#claim({ worker, id: message.id }, message);
    else if (message.kind === 'leave') this.#leave({ worker, id: message.id }, message.key);
    else this.#end(message);
  }

  /** The thread is gone: nobody knows what became of the calls it carried out. */
  workerEnded(worker: number): void {
    for (const [key, entry] of this.#entries) {
      entry.waiters = entry.waiters.filter((waiter) => waiter.worker !== worker);
      if (entry.state === 'running' && entry.holder.worker === worker)
        this.#close(key, entry, null);
    }
  }

  #claim(by: Caller, { key, fingerprint, waits }: Extract<ToLedger, { kind: 'claim' }>): void {
    const entry = this.#fresh(key);
    if (entry === null) this.#begin(key, fingerprint, by);
    else if (entry.fingerprint !== fingerprint) this.#reply(by, { kind: 'mismatch' });
    else if (entry.answer !== null) this.#reply(by, { kind: 'replay', answer: entry.answer });
    else if (entry.state === 'unknown') this.#reply(by, { kind: 'unknown' });
    else if (!waits) this.#reply(by, { kind: 'in_progress' });
    else {
      entry.waiters.push(by);
      this.#reply(by, { kind: 'waiting' });
    }
  }

  #fresh(key: string): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (entry.state === 'running' || entry.expiresAt > this.#now()) return entry;
    this.#forget(key, entry);
    return null;
  }

  #begin(key: string, fingerprint: string, by: Caller): void {
    this.#claims += 1;
    const claim = this.#claims;
    this.#entries.set(key, {
      fingerprint,
      state: 'running',
      claim,
      holder: by,
      waiters: [],
      answer: null,
      expiresAt: Infinity,
    });
    this.#bytes += ENTRY_BYTES;
    this.#makeRoom();
    this.#reply(by, { kind: 'yours', claim });
  }

  #leave(by: Caller, key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const isBy = ({ worker, id }: Caller): boolean => worker === by.worker && id === by.id;
    entry.waiters = entry.waiters.filter((waiter) => !isBy(waiter));
    // Its turn came while it was leaving: nothing was carried out.
    if (entry.state === 'running' && isBy(entry.holder)) this.#passOn(key, entry);
  }

  #end({ key, claim, end }: Extract<ToLedger, { kind: 'end' }>): void {
    const entry = this.#entries.get(key);
    if (entry?.state !== 'running' || entry.claim !== claim) return;
    if (end.kind === 'released') this.#passOn(key, entry);
    else this.#close(key, entry, end.kind === 'answer' ? end.answer : null);
  }

  /** The first that waits carries the call out now; the others go on waiting. */
  #passOn(key: string, entry: Entry): void {
    const next = entry.waiters.shift();
    if (next === undefined) {
      this.#forget(key, entry);
      return;
    }
    this.#claims += 1;
    entry.claim = this.#claims;
    entry.holder = next;
    this.#reply(next, { kind: 'yours', claim: entry.claim });
  }

  /** The call has ended, with an answer that can be given again or without one. */
  #close(key: string, entry: Entry, answer: KeptAnswer | null): void {
    const { waiters } = entry;
    entry.waiters = [];
    entry.answer = answer;
    entry.state = answer === null ? 'unknown' : 'answered';
    entry.expiresAt = this.#now() + this.#limits.ttlMs;
    this.#bytes += answer?.body.byteLength ?? 0;
    // To the end of the order: it is the youngest of those that ended.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const waiter of waiters) {
      this.#reply(waiter, answer === null ? { kind: 'unknown' } : { kind: 'replay', answer });
    }
    this.#makeRoom();
  }

  #makeRoom(): void {
    const { maxEntries, maxBytes } = this.#limits;
    const now = this.#now();
    for (const [key, entry] of this.#entries) {
      const expired = entry.expiresAt <= now;
      const tooMuch = this.#entries.size > maxEntries || this.#bytes > maxBytes;
      if (!expired && !tooMuch) return;
      if (entry.state !== 'running') this.#forget(key, entry);
    }
  }

  #forget(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= ENTRY_BYTES + (entry.answer?.body.byteLength ?? 0);
  }

  #reply({ worker, id }: Caller, reply: ClaimReply): void {
    this.#tell(worker, { id, reply });
  }
}
