import { callCost } from '@keywell/core/waiting/call-cost';
import { enqueue, leave, roomReturned } from '@keywell/core/waiting/turn-queue';
import { aSeat } from '@keywell/core/waiting/waiting-fixture.bench';
import {
  answerBell,
  initWaitingTable,
  openWaitingTable,
  waitingBytes,
} from '@keywell/core/waiting/waiting-table';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { FakeClock } from '@keywell/testkit/fake-clock';
import { initKeyTable } from '@keywell/core/keys/key-table';
import { planKeys } from '@keywell/core/keys/plan';
import { reserve } from '@keywell/core/keys/reserve';
import { afterEach, describe, expect, it } from 'vitest';
import { Exchange } from '../pipeline/exchange.ts';
import { encodeSnapshot } from '../snapshot/encode-snapshot.ts';
import { INERT_INBOUND } from '../seam/inert-inbound.contract.ts';
import { openSnapshot } from '../snapshot/live-snapshot.ts';
import { Line } from './line.ts';
import { Waiter } from './waiter.ts';
import type { Pick, WaitEnd, WaitingCall } from './waiting-call.ts';

const SEAT = aSeat(['web']);

/** What a call has of its own. */
interface OwnAffairs {
  readonly patienceMs?: number;
  /** How long others must find what it asks for. */
  readonly heldMs?: number;
  readonly isRestricted?: boolean;
  /** How long what may serve it is dry, whatever others find. */
  readonly roomMs?: number;
}

/** A pool of one key, the workers' lines of it, and how much room there is. */
class World {
  readonly clock = new FakeClock();
  readonly cells = new SharedArrayBuffer(waitingBytes(3, { tickets: 50, shares: 20 }));
  readonly live = liveSnapshot();
  readonly workers = new Map<number, ReturnType<World['worker']>>();
  /** Tokens that fit in all. */
  room = 0;
  /** Calls of tryStart. */
  tries = 0;
  /** Where refill was put aside for others, as each try was told, by the tokens of the call. */
  readonly told = new Map<number, readonly number[]>();
  /** Calls of unclaim. */
  unclaimed = 0;

  constructor() {
    initWaitingTable(this.cells, 3, { tickets: 50, shares: 20 });
    for (const worker of [1, 2]) this.workers.set(worker, this.worker(worker));
  }

  worker(worker: number) {
    const table = openWaitingTable(this.cells, { worker, epoch: 1 });
    const line = new Line(
      {
        table,
        clock: this.clock,
        giveBack: () => undefined,
        startOf: () => null,
        hasLostTickets: () => false,
      },
      SEAT.pool,
    );
    return { table, line };
  }

  of(worker: number): ReturnType<World['worker']> {
    const found = this.workers.get(worker);
    if (found === undefined) throw new Error(`there is no worker ${worker}`);
    return found;
  }

  ask(worker: number, tokens: number, own: OwnAffairs = {}): Waiter {
    const { table, line } = this.of(worker);
    const now = this.clock.now();
    const deadlineAt = now + (own.patienceMs ?? 60_000);
    const ticket = enqueue(
      table,
      SEAT,
      { turnAt: deadlineAt, cost: callCost(1000, null), tokens },
      { now, maxWaiting: 40 },
    );
    if (typeof ticket === 'string') throw new Error(ticket);
    const host = {
      onSpill: () => undefined,
      onPatienceEnd: () => undefined,
      onEnd: (waiter: Waiter): void => line.remove(waiter),
    };
    const call = this.call(tokens, deadlineAt, own);
    const waiter = new Waiter(host, call, { ticket, now, held: null });
    line.add(waiter);
    return waiter;
  }

  call(tokens: number, deadlineAt: number, own: OwnAffairs): WaitingCall {
    const { live } = this;
    const heldUntil = this.clock.now() + (own.heldMs ?? 0);
    const roomAt = this.clock.now() + (own.roomMs ?? 0);
    return {
      exchange: new Exchange(INERT_INBOUND, live, { id: 'req_1', now: 0, wallNow: 0 }),
      seat: SEAT,
      cost: callCost(1000, null),
      tokens,
      deadlineAt,
      turnAt: deadlineAt,
      spillAt: null,
      maxWaiting: 40,
      isRestricted: own.isRestricted === true,
      isApart: (now) => own.isRestricted === true || heldUntil > now,
      tryStart: ({ kept }) => {
        this.tries += 1;
        if (heldUntil > this.clock.now()) return 'not_yet';
        this.told.set(
          tokens,
          kept.map(({ candidate }) => candidate),
        );
        if (tokens > this.room || roomAt > this.clock.now()) return 'no_room';
        this.room -= tokens;
        return this.pick();
      },
      roomAt: (need, now) => Math.max(roomAt, need <= this.room ? now : now + 500),
      startAlone: (now) => Math.max(heldUntil, tokens <= this.room ? now : now + 500),
      startAfter: () => null,
      againAt: (now) => now + 100,
      placeToKeep: (_kept, now) => ({ candidate: tokens, from: now + 500 }),
      unclaim: () => {
        this.unclaimed += 1;
      },
      moveTo: () => null,
    };
  }

  pick(): Pick {
    const [candidate] = this.live.plan.candidates;
    const reservation = candidate && reserve(this.live.table, candidate, this.clock.now());
    if (candidate === undefined || !reservation) throw new Error('nothing to pick');
    return { candidate, reservation };
  }

  /** Answers doorbells until all are silent; how many turns that took. */
  settle(most: number): number {
    let turns = 0;
    for (let silent = false; !silent && turns < most;) {
      silent = true;
      for (const { table, line } of this.workers.values()) {
        if (!answerBell(table)) continue;
        silent = false;
        turns += 1;
        line.takeTurns();
      }
    }
    return turns;
  }
}

function liveSnapshot() {
  const snapshot = aSnapshot();
  const plan = planKeys(snapshot);
  const keyCells = new SharedArrayBuffer(plan.byteLength(2));
  initKeyTable(plan, keyCells, 2);
  return openSnapshot(encodeSnapshot(snapshot), keyCells, { worker: 1, epoch: 1 });
}

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) for (const { line } of world.workers.values()) line.stop();
});
function begin(): World {
  const world = new World();
  worlds.push(world);
  return world;
}

const ended = (waiter: Waiter): Promise<WaitEnd | 'open'> =>
  Promise.race([waiter.ended, Promise.resolve('open' as const)]);

describe('lines of two workers over one queue', () => {
  it('do not call each other in circles while nothing fits', () => {
    const world = begin();
    for (let call = 0; call < 5; call += 1) {
      world.ask(1, 100 + call);
      world.ask(2, 50 + call);
    }
    world.of(1).line.takeTurns();
    expect(world.settle(1000)).toBeLessThanOrEqual(4);
    expect(world.tries).toBeLessThanOrEqual(2);
  });

  it('hand the turn on in the order of the queue', async () => {
    const world = begin();
    const waiters = [world.ask(1, 10), world.ask(2, 10), world.ask(1, 10), world.ask(2, 10)];
    world.room = 30;
    world.of(2).line.takeTurns();
    world.settle(100);
    const open = await Promise.all(waiters.map((waiter) => ended(waiter)));
    const kinds = open.map((end) => (end === 'open' ? end : end.kind));
    expect(kinds).toEqual(['go', 'go', 'go', 'open']);
  });

  it('look again when room has come back, and not before', () => {
    const world = begin();
    const waiter = world.ask(1, 10);
    const { line, table } = world.of(1);
    line.takeTurns();
    const { tries } = world;
    line.takeTurns();
    expect(world.tries).toBe(tries);
    world.room = 10;
    roomReturned(table);
    line.takeTurns();
    expect(waiter.open).toBe(false);
  });

  it('take nothing of a share for a call that has left the queue in the same moment', () => {
    const world = begin();
    const waiter = world.ask(1, 10);
    const { line, table } = world.of(1);
    world.room = 10;
    leave(table, waiter.ticket);
    line.spill(waiter);
    expect([waiter.open, world.unclaimed]).toEqual([true, 1]);
  });

  it('let a small call of the other worker pass a large one that does not fit', () => {
    const world = begin();
    const large = world.ask(1, 500);
    const small = world.ask(2, 20);
    world.room = 30;
    world.of(1).line.takeTurns();
    world.settle(100);
    expect([large.open, small.open]).toEqual([true, false]);
  });

  it('send nobody away for what is held back from another one', () => {
    const world = begin();
    world.room = 30;
    const other = world.ask(1, 500, { patienceMs: 5000 });
    const held = world.ask(1, 20, { heldMs: 40_000 });
    world.of(1).line.takeTurns();
    expect([other.open, held.open]).toEqual([true, true]);
  });

  it('look past calls that cannot go wherever others can: what they find says nothing of larger ones', () => {
    const world = begin();
    const restricted = Array.from({ length: 30 }, () =>
      world.ask(1, 20, { isRestricted: true, roomMs: 40_000 }),
    );
    const plain = world.ask(1, 30);
    world.room = 30;
    world.of(1).line.takeTurns();
    expect(plain.open).toBe(false);
    expect(restricted.every(({ open }) => open)).toBe(true);
    const { tries } = world;
    world.of(1).line.takeTurns();
    expect(world.tries).toBe(tries);
  });

  it('tell a small call of the other worker what is put aside for the large ones here, though none of them fits', () => {
    const world = begin();
    world.ask(1, 500);
    world.ask(1, 400);
    world.ask(2, 20);
    world.room = 30;
    world.of(2).line.takeTurns();
    world.settle(100);
    expect(world.told).toEqual(
      new Map([
        [500, []],
        [400, [500]],
        [20, [400, 500]],
      ]),
    );
  });
});
