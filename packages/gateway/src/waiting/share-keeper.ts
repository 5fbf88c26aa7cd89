import {
  capacityOf,
  partOfWindow,
  tighter,
  toldShare,
  type PoolCapacity,
  type PoolDomain,
  type PoolLimit,
  type ToldLimit,
} from '@keywell/core/waiting/pool-capacity';
import { seatOf, type ShareSeat } from '@keywell/core/waiting/share-seat';
import type { WaitingTable } from '@keywell/core/waiting/waiting-table';
import {
  correctWindow,
  noteDemand,
  shareOfWindow,
  takeOfWindow,
} from '@keywell/core/waiting/window-shares';
import type { ConsumerRecord } from '@keywell/core/snapshot/snapshot';
import type { LiveModel, LiveSnapshot } from '../snapshot/live-snapshot.ts';

/** The limits that are known at the nodes of a snapshot's key table. */
export type LimitsOf<Live> = (live: Live, now: number) => readonly PoolLimit[];

/** A pool whose capacity is shared. */
export type SharedPool = Pick<LiveModel, 'poolKey' | 'plan'> & {
  readonly pool: Pick<LiveModel['pool'], 'id'>;
};

/** Who takes part in it. */
export interface Sharer {
  readonly record: Pick<ConsumerRecord, 'sharePath' | 'weight' | 'priority'>;
}

/** What a pool has is looked up this often at most; more seldom where there is much to add up. */
const FRESH_MS = 50;
const LIMITS_PER_MS = 10;

/** The call of one consumer, as far as sharing needs it. */
export interface SharingCall<Live = LiveSnapshot> {
  readonly live: Live;
  readonly model: SharedPool;
  readonly seat: ShareSeat;
  readonly tokens: number;
}

/** What a call took of a window, to be corrected at its end. */
export interface TakenPart {
  readonly seat: ShareSeat;
  readonly window: NonNullable<PoolCapacity['window']>;
  readonly part: number;
}

/** A seat's part of what a pool has. */
interface SeatShare {
  readonly capacity: PoolCapacity;
  readonly requests: ToldLimit | null;
  readonly tokens: ToldLimit | null;
}

interface Known<Live> {
  readonly live: Live;
  readonly at: number;
  /** How much longer it holds for being much to add up. */
  readonly moreMs: number;
  readonly capacity: PoolCapacity;
}

/**
 * Shares before dry, for the pools of one worker: whether a consumer may take what it asks for, and what its share is. Where no limits
 * are known nothing is held back and nothing is told.
 */
export class ShareKeeper<Live = LiveSnapshot> {
  readonly #table: WaitingTable;
  readonly #limitsOf: LimitsOf<Live>;
  readonly #known = new Map<number, Known<Live>>();
  readonly #shares = new WeakMap<ShareSeat, SeatShare>();
  readonly #seats = new WeakMap<Sharer, Map<number, ShareSeat>>();

  constructor(table: WaitingTable, limitsOf: LimitsOf<Live>) {
    this.#table = table;
    this.#limitsOf = limitsOf;
  }

  /** Where a consumer sits in a pool. */
  seatOf(model: SharedPool, consumer: Sharer): ShareSeat {
    let known = this.#seats.get(consumer);
    if (known === undefined) {
      known = new Map();
      this.#seats.set(consumer, known);
    }
    let seat = known.get(model.poolKey);
    if (seat === undefined) {
      seat = seatOf(model.pool.id, consumer.record);
      known.set(model.poolKey, seat);
    }
    return seat;
  }

  /** What all domains of a pool have together, as it was so long ago at most, or longer where there is much to add up. */
  capacity(live: Live, model: SharedPool, now: number, freshMs = FRESH_MS): PoolCapacity {
    const known = this.#known.get(model.poolKey);
    if (known?.live === live && now < known.at + freshMs + known.moreMs) return known.capacity;
    const limits = this.#limitsOf(live, now);
    const capacity =
      limits.length === 0 ? NOTHING_KNOWN : capacityOf(limits, domainsOf(model), now);
    const moreMs = limits.length / LIMITS_PER_MS;
    this.#known.set(model.poolKey, { live, at: now, moreMs, capacity });
    return capacity;
  }

  /** A new snapshot rules: what was known of pools by an older one would only keep that one in memory. */
  snapshotChanged(live: Live): void {
    for (const [pool, known] of this.#known) if (known.live !== live) this.#known.delete(pool);
  }

  /** Whether anything is known of what a pool has. */
  knows(live: Live, model: SharedPool, now: number): boolean {
    const { requests, tokens } = this.capacity(live, model, now);
    return requests !== null || tokens !== null;
  }

  /** Notes that a call has come, once for each: by this a tenant's demand is known. */
  noteDemand(call: SharingCall<Live>, now: number): void {
    const { window } = this.capacity(call.live, call.model, now);
    if (window !== null) noteDemand(this.#table, call.seat, partOfWindow(window, call), now);
  }

  /** Takes a call's part of the pool's window; null where there is none, `held` where others must find it. */
  take(call: SharingCall<Live>, now: number): TakenPart | null | 'held' {
    const { window } = this.capacity(call.live, call.model, now);
    if (window === null) return null;
    const part = partOfWindow(window, call);
    const taken = takeOfWindow(this.#table, call.seat, part, { window, now });
    return taken ? { seat: call.seat, window, part } : 'held';
  }

  /** What was taken is corrected to what the call used; 0 tokens where it was not sent after all. */
  settle(taken: TakenPart, call: { readonly sent: boolean; readonly tokens: number }): void {
    const used = call.sent ? partOfWindow(taken.window, call) : 0;
    correctWindow(this.#table, taken.seat, used - taken.part, taken.window);
  }

  /** The consumer's own limit or its share of the pool, whichever is tighter, of requests and of tokens. */
  told(
    call: Pick<SharingCall<Live>, 'live' | 'model' | 'seat'>,
    own: { readonly requests: ToldLimit | null },
    now: number,
  ): { readonly requests: ToldLimit | null; readonly tokens: ToldLimit | null } {
    const capacity = this.capacity(call.live, call.model, now);
    if (capacity.requests === null && capacity.tokens === null) {
      return { requests: own.requests, tokens: null };
    }
    const share = this.#shareIn(capacity, call.seat, now);
    return { requests: tighter(own.requests, share.requests), tokens: share.tokens };
  }

  /** What a seat's share of a capacity is; worked out again with the capacity, not with every answer. */
  #shareIn(capacity: PoolCapacity, seat: ShareSeat, now: number): SeatShare {
    const known = this.#shares.get(seat);
    if (known?.capacity === capacity) return known;
    const { requests, tokens, window } = capacity;
    const share = shareOfWindow(this.#table, seat, { window: window ?? NO_WINDOW, now });
    const told: SeatShare = {
      capacity,
      requests: requests === null ? null : toldShare(requests, share),
      tokens: tokens === null ? null : toldShare(tokens, share),
    };
    this.#shares.set(seat, told);
    return told;
  }
}

const NOTHING_KNOWN: PoolCapacity = Object.freeze({
  requests: null,
  tokens: null,
  window: null,
  tokensPerRequest: null,
});

/** Shares without a window are those of the last minute's tenants. */
const NO_WINDOW = Object.freeze({ endsAt: 0, lengthMs: 60_000, remaining: 1 });

function domainsOf({ plan }: SharedPool): readonly PoolDomain[] {
  return plan.tiers.flatMap(({ candidates }) =>
    candidates.map(({ domainPath, group }) => ({ path: domainPath, group })),
  );
}
