/** Exact counts per key and the last calls one by one: what a test asserts on. */
import type { Clock } from '../clock.ts';
import type { FaultName } from '../behaviour/faults.ts';

export interface CallRecord {
  /** 1, 2, 3 … in the order the request heads arrived. */
  readonly sequence: number;
  /** Epoch milliseconds when the request's head was there. */
  readonly startedAt: number;
  /** The same instant on the monotonic clock that all threads of the machine share. */
  readonly startedMs: number;
  endedAt: number | null;
  endedMs: number | null;
  /** Alias of the key; null when none of the profile's was given. */
  readonly key: string | null;
  readonly organization: string | null;
  readonly project: string | null;
  operation: string;
  /** `openai`, `responses`, `anthropic`, `gemini`, `bedrock`, `azure`: what the caller spoke. */
  readonly dialect: string;
  model: string | null;
  stream: boolean;
  /** 0 when no response head was sent. */
  status: number;
  /** The fault that answered; null when none did. */
  fault: FaultName | null;
  /** Why it was refused: the fault's name, `limit:requests_minute`, `quota_exhausted`, `unknown_key` …; null when it was not. */
  refused: string | null;
  /** The client went away before the answer was complete. */
  aborted: boolean;
  /** The simulator cut the connection itself. */
  cut: boolean;
  /** Events written, `[DONE]` included. */
  events: number;
}

export interface KeyCounts {
  readonly calls: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly streams: number;
  readonly abortedByClient: number;
  readonly cutBySimulator: number;
  /** By HTTP status; "0" where no response head was sent. Calls in flight are in none. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byOperation: Readonly<Record<string, number>>;
  readonly byDialect: Readonly<Record<string, number>>;
  readonly byFault: Readonly<Record<string, number>>;
  /** By the reason of the refusal. */
  readonly byRefusal: Readonly<Record<string, number>>;
}

export interface CallCounts {
  readonly total: KeyCounts;
  /** By alias; every key of the profile is there. */
  readonly keys: Readonly<Record<string, KeyCounts>>;
  /** Calls with no key or one that the profile does not have. */
  readonly unknownKey: KeyCounts;
}

interface Tally {
  calls: number;
  inFlight: number;
  maxInFlight: number;
  streams: number;
  abortedByClient: number;
  cutBySimulator: number;
  byStatus: Map<string | number, number>;
  byOperation: Map<string | number, number>;
  byDialect: Map<string | number, number>;
  byFault: Map<string | number, number>;
  byRefusal: Map<string | number, number>;
}

const emptyTally = (inFlight = 0): Tally => ({
  calls: 0,
  inFlight,
  maxInFlight: inFlight,
  streams: 0,
  abortedByClient: 0,
  cutBySimulator: 0,
  byStatus: new Map(),
  byOperation: new Map(),
  byDialect: new Map(),
  byFault: new Map(),
  byRefusal: new Map(),
});

const bump = (counts: Map<string | number, number>, name: string | number): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

const told = (tally: Tally): KeyCounts => ({
  ...tally,
  byStatus: Object.fromEntries(tally.byStatus),
  byOperation: Object.fromEntries(tally.byOperation),
  byDialect: Object.fromEntries(tally.byDialect),
  byFault: Object.fromEntries(tally.byFault),
  byRefusal: Object.fromEntries(tally.byRefusal),
});

export class CallLog {
  readonly #clock: Clock;
  readonly #kept: number;
  readonly #ring: CallRecord[] = [];
  readonly #keys = new Map<string, Tally>();
  #unknown = emptyTally();
  #total = emptyTally();
  #sequence = 0;
  #next = 0;
  #dropped = 0;
  /** Calls up to this sequence began before the last reset: they only leave the in-flight gauges. */
  #resetAt = 0;

  constructor(clock: Clock, aliases: readonly string[], kept: number) {
    this.#clock = clock;
    this.#kept = kept;
    for (const alias of aliases) this.#keys.set(alias, emptyTally());
  }

  begin(
    owner: { alias: string; organization: string; project: string } | null,
    operation: string,
    dialect: string,
  ): CallRecord {
    const record: CallRecord = {
      sequence: ++this.#sequence,
      startedAt: this.#clock.wallNow(),
      startedMs: this.#clock.now(),
      endedAt: null,
      endedMs: null,
      key: owner?.alias ?? null,
      organization: owner?.organization ?? null,
      project: owner?.project ?? null,
      operation,
      dialect,
      model: null,
      stream: false,
      status: 0,
      fault: null,
      refused: null,
      aborted: false,
      cut: false,
      events: 0,
    };
    this.#started(this.#tallyOf(record));
    this.#started(this.#total);
    for (const tally of [this.#tallyOf(record), this.#total]) {
      bump(tally.byOperation, operation);
      bump(tally.byDialect, dialect);
    }
    this.#keep(record);
    return record;
  }

  end(record: CallRecord): void {
    if (record.endedAt !== null) return;
    record.endedAt = this.#clock.wallNow();
    record.endedMs = this.#clock.now();
    this.#ended(this.#tallyOf(record), record);
    this.#ended(this.#total, record);
  }

  get inFlight(): number {
    return this.#total.inFlight;
  }

  counts(): CallCounts {
    return {
      total: told(this.#total),
      keys: Object.fromEntries([...this.#keys].map(([alias, tally]) => [alias, told(tally)])),
      unknownKey: told(this.#unknown),
    };
  }

  /** The last calls, oldest first, and how many older ones were dropped. */
  recent(): { calls: CallRecord[]; dropped: number } {
    const ordered = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    const calls: CallRecord[] = [];
    for (const record of ordered) calls.push({ ...record });
    return { calls, dropped: this.#dropped };
  }

  /** Counts start again at zero. Calls in flight stay in the in-flight gauges until they end, and are counted nowhere else. */
  reset(): void {
    this.#resetAt = this.#sequence;
    for (const [alias, tally] of this.#keys) this.#keys.set(alias, emptyTally(tally.inFlight));
    this.#unknown = emptyTally(this.#unknown.inFlight);
    this.#total = emptyTally(this.#total.inFlight);
    this.#ring.length = 0;
    this.#next = 0;
    this.#dropped = 0;
  }

  #tallyOf(record: CallRecord): Tally {
    return (record.key === null ? undefined : this.#keys.get(record.key)) ?? this.#unknown;
  }

  #started(tally: Tally): void {
    tally.calls++;
    tally.inFlight++;
    if (tally.inFlight > tally.maxInFlight) tally.maxInFlight = tally.inFlight;
  }

  #ended(tally: Tally, record: CallRecord): void {
    tally.inFlight--;
    if (record.sequence <= this.#resetAt) return;
    bump(tally.byStatus, record.status);
    if (record.stream) tally.streams++;
    if (record.aborted) tally.abortedByClient++;
    if (record.cut) tally.cutBySimulator++;
    if (record.fault !== null) bump(tally.byFault, record.fault);
    if (record.refused !== null) bump(tally.byRefusal, record.refused);
  }

  #keep(record: CallRecord): void {
    if (this.#kept === 0) {
      this.#dropped++;
    } else if (this.#ring.length < this.#kept) {
      this.#ring.push(record);
    } else {
      this.#ring[this.#next] = record;
      this.#next = (this.#next + 1) % this.#kept;
      this.#dropped++;
    }
  }
}
