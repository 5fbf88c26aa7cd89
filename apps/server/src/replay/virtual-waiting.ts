import { describeLimits } from '@keywell/core/keys/describe-limits';
import { explain } from '@keywell/core/keys/choose';
import type { Tried } from '@keywell/core/keys/draw';
import type { KeyTable } from '@keywell/core/keys/key-table';
import { isRoomCertain } from '@keywell/core/keys/certain-room';
import { projectedStart } from '@keywell/core/keys/projection';
import type { Reservation } from '@keywell/core/keys/reserve';
import { callCost, NO_COST } from '@keywell/core/waiting/call-cost';
import { domainsToLeave, placeToKeep } from '@keywell/core/waiting/kept-domains';
import type { KeptPlace } from '@keywell/core/waiting/kept-refill';
import type { PoolCapacity } from '@keywell/core/waiting/pool-capacity';
import { correct, roomReturned, type Earmark, type Served } from '@keywell/core/waiting/turn-queue';
import { VirtualLine, type VirtualLineHost } from '@keywell/core/waiting/virtual-line';
import {
  initWaitingTable,
  openWaitingTable,
  waitingBytes,
  waitingOnNode,
  type WaitingTable,
} from '@keywell/core/waiting/waiting-table';
import { NOTHING_TRIED } from '@keywell/gateway/relay/bars';
import { ShareKeeper, type SharingCall } from '@keywell/gateway/waiting/share-keeper';
import { patienceOf, type Flight, type Route } from './flight.ts';

/** How long a call is passed at most that alone must not go where there is room. */
const PUT_OFF_MS = 100;
const NO_CANDIDATES: Set<number> = new Set();

/** What waiting asks of the virtual gateway. */
export interface WaitingHost {
  /** Chooses and reserves in the first `tiers` tiers. */
  pickFrom(flight: Flight, tried: Tried, tiers: number, now: number): Reservation | null;
  send(flight: Flight, held: Reservation, now: number): void;
  /** It does not wait, or no longer. */
  refuse(flight: Flight, now: number): void;
}

/** How calls of the virtual gateway wait and share: the gateway's own queue and shares, one worker, under virtual time. */
export class VirtualWaiting implements VirtualLineHost<Flight, Reservation> {
  readonly #table: KeyTable;
  readonly #host: WaitingHost;
  readonly #waiting: WaitingTable;
  readonly #shares: ShareKeeper<KeyTable>;
  readonly #lines = new Map<number, VirtualLine<Flight, Reservation>>();

  constructor(table: KeyTable, host: WaitingHost) {
    this.#table = table;
    this.#host = host;
    const cells = new ArrayBuffer(waitingBytes(1));
    initWaitingTable(cells, 1);
    this.#waiting = openWaitingTable(cells, { worker: 0, epoch: 1 });
    this.#shares = new ShareKeeper(this.#waiting, describeLimits);
  }

  /** When it has to be woken; Infinity while nobody waits. */
  get wakeAt(): number {
    let at = Infinity;
    for (const line of this.#lines.values()) at = Math.min(at, line.wakeAt);
    return at;
  }

  /** Notes that a call has come, once for each. */
  ask(flight: Flight, now: number): void {
    this.#shares.noteDemand(this.#sharing(flight), now);
  }

  hasWaiting({ poolKey }: Route): boolean {
    return this.#lines.get(poolKey)?.hasWaiting === true;
  }

  /** The first tier alone, where it is worth waiting for before the next one is asked. */
  tiersAtOnce(flight: Flight): number {
    return flight.route.pool.spillAfterMs > 0 && patienceOf(flight) > 0 ? 1 : Infinity;
  }

  /** Chooses with the call's part of a shared window taken; null too where that is held back for others. */
  claim(flight: Flight, now: number, choose: () => Reservation | null): Reservation | null {
    const taken = this.#shares.take(this.#sharing(flight), now);
    if (taken === 'held') {
      flight.heldUntil = this.capacity(flight, now).window?.endsAt ?? now;
      return null;
    }
    flight.heldUntil = null;
    const held = choose();
    if (taken !== null && held === null) this.#shares.settle(taken, { sent: false, tokens: 0 });
    else flight.taken = taken;
    return held;
  }

  /** An attempt has ended: the shares are charged what the provider charged, and who waits hears that there may be room. */
  ended(flight: Flight, of: { readonly refused: boolean; readonly tokens: number }, now: number) {
    const { refused, tokens } = of;
    if (flight.taken !== null) this.#shares.settle(flight.taken, { sent: !refused, tokens });
    flight.taken = null;
    if (flight.served !== null) {
      const { tokensPerRequest } = this.capacity(flight, now);
      const took = refused ? NO_COST : callCost(tokens, tokensPerRequest);
      correct(this.#waiting, flight.served, took);
      if (refused) this.#lines.get(flight.route.poolKey)?.refused(0, now);
      flight.served = null;
    }
    if (waitingOnNode(this.#waiting) === 0) return;
    roomReturned(this.#waiting);
    for (const line of this.#lines.values()) line.freed(now);
  }

  wake(now: number): void {
    for (const line of this.#lines.values()) line.wake(now);
  }

  /** Waits for room and for its turn, where that is worth it; else it is refused. */
  wait(flight: Flight, now: number): void {
    if (!this.#isWorthWaiting(flight, now)) {
      this.#host.refuse(flight, now);
      return;
    }
    const { pool, poolKey } = flight.route;
    // A new look: what refused this request before may serve it by then.
    flight.bars = null;
    flight.step = null;
    flight.waitsSince = now;
    flight.deadlineAt = Math.min(now + patienceOf(flight), flight.request.at + pool.deadlineMs);
    flight.spillAt = this.#spillAt(flight, now);
    let line = this.#lines.get(poolKey);
    if (line === undefined) {
      line = new VirtualLine({ ...pool, key: poolKey }, [this.#waiting], this);
      this.#lines.set(poolKey, line);
    }
    line.join(flight, 0, now);
  }

  #isWorthWaiting(flight: Flight, now: number): boolean {
    const { last, route, needs } = flight;
    if (flight.heldUntil !== null) return true;
    if (last?.class === 'too_large_for_limit') return false;
    if (last === null && this.hasWaiting(route)) return true;
    if (patienceOf(flight) === 0) return false;
    return route.plan.tiers.some((tier) => {
      const { eligible, blocked } = explain(this.#table, tier, NOTHING_TRIED, { now, needs });
      return eligible > 0 || blocked === 'time' || blocked === 'mixed';
    });
  }

  /** The first tier is waited for, where it comes back in time; else the next one is taken at once. */
  #spillAt({ route, needs, deadlineAt }: Flight, now: number): number | null {
    const { pool, plan } = route;
    const [best] = plan.tiers;
    if (pool.spillAfterMs === 0 || plan.tiers.length < 2 || best === undefined) return null;
    const startAt = projectedStart(this.#table, best, { now, needs });
    const spillAt = Math.min(now + pool.spillAfterMs, deadlineAt);
    return startAt === null || startAt > spillAt ? null : spillAt;
  }

  startOf(flight: Flight, now: number): number | null {
    const { heldUntil } = flight;
    if (heldUntil !== null && heldUntil > now) return heldUntil;
    const roomAt = this.roomAt(flight, now);
    if (roomAt === null || roomAt > now) return roomAt;
    // There is room, but perhaps only where this very call was told to wait.
    const closed = [...flight.refusedUntil.values()].filter((until) => until > now);
    return closed.length === 0 ? now : Math.min(...closed);
  }

  roomAt({ route, needs }: Flight, now: number): number | null {
    let soonest: number | null = null;
    for (const tier of route.plan.tiers) {
      const startAt = projectedStart(this.#table, tier, { now, needs });
      if (startAt !== null && (soonest === null || startAt < soonest)) soonest = startAt;
    }
    return soonest;
  }

  againAt(flight: Flight, now: number): number {
    const ends = [flight.heldUntil ?? 0, ...flight.refusedUntil.values()];
    return ends.reduce((first, end) => (end > now && end < first ? end : first), now + PUT_OFF_MS);
  }

  capacity({ route }: Flight, now: number): PoolCapacity {
    return this.#shares.capacity(this.#table, route, now);
  }

  pick(flight: Flight, kept: readonly Earmark[], now: number): Reservation | 'no_room' | 'not_yet' {
    const { needs, spillAt } = flight;
    const domains = new Set(domainsToLeave(this.#table, kept, { now, needs }));
    let alone = false;
    for (const [domain, until] of flight.refusedUntil) {
      if (until <= now) continue;
      domains.add(domain);
      alone = true;
    }
    const spilled = spillAt === null || spillAt <= now;
    const tried = { candidates: NO_CANDIDATES, domains };
    const held = this.claim(flight, now, () =>
      this.#host.pickFrom(flight, tried, spilled ? Infinity : 1, now),
    );
    if (held !== null) return held;
    return alone || !spilled || flight.heldUntil !== null ? 'not_yet' : 'no_room';
  }

  isRoomCertain({ candidate }: Reservation, now: number): boolean {
    return isRoomCertain(this.#table, candidate, now);
  }

  placeToKeep(flight: Flight, kept: readonly Earmark[], now: number): KeptPlace | null {
    const { route, needs, deadlineAt } = flight;
    const candidates = route.plan.tiers[0]?.candidates ?? [];
    return placeToKeep(this.#table, candidates, { now, deadlineAt, kept, needs });
  }

  go(flight: Flight, held: Reservation, served: Served | null, now: number): void {
    flight.waitMs += now - flight.waitsSince;
    flight.served = served;
    this.#host.send(flight, held, now);
  }

  refuse(flight: Flight, _startAt: number | null, now: number): void {
    flight.waitMs += now - flight.waitsSince;
    this.#host.refuse(flight, now);
  }

  #sharing({ route, seat, tokens }: Flight): SharingCall<KeyTable> {
    return { live: this.#table, model: route, seat, tokens };
  }
}
