import { array, assert, constant, integer, nat, oneof, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerCall,
  callTicket,
  correct,
  enqueue,
  leave,
  nextTicket,
  noteNoRoom,
  putOff,
  roomCount,
  roomReturned,
  serve,
  ticketState,
  waitingIn,
} from './turn-queue.ts';
import type { ShareSeat } from './share-seat.ts';
import { aSeat, faultsOf, smallTable, costs } from './waiting-fixture.bench.ts';
import { answerBell, openWaitingTable, type WaitingTable } from './waiting-table.ts';

const A = aSeat(['a']);
const B = aSeat(['b']);
const CHAT = A.pool;

interface Ask {
  readonly turnAt?: number;
  readonly cost?: number;
  readonly tokens?: number;
  readonly maxWaiting?: number;
  readonly now?: number;
}

function ask(table: WaitingTable, seat: ShareSeat, more: Ask = {}): number {
  const id = enqueue(
    table,
    seat,
    { turnAt: more.turnAt ?? 1000, cost: costs(more.cost ?? 1), tokens: more.tokens ?? 10 },
    { now: more.now ?? 0, maxWaiting: more.maxWaiting ?? 100 },
  );
  if (typeof id === 'string') throw new Error(id);
  return id;
}

/** Serves what is next and says which it was. */
function serveNext(table: WaitingTable, pool = CHAT): number | null {
  const next = nextTicket(table, pool, { now: 0 });
  if (next === null || next === 'busy') return null;
  expect(serve(table, next.id)).not.toBeNull();
  return next.id;
}

describe('the order of waiting calls', () => {
  it('is the earliest turn first inside one share', () => {
    const table = smallTable();
    const late = ask(table, A, { turnAt: 900 });
    const early = ask(table, A, { turnAt: 300 });
    const middle = ask(table, A, { turnAt: 600 });
    expect([serveNext(table), serveNext(table), serveNext(table)]).toEqual([early, middle, late]);
    expect(serveNext(table)).toBeNull();
  });

  it('gives shares their turns, however many calls one of them has waiting and how urgent they are', () => {
    const table = smallTable();
    for (let call = 0; call < 50; call += 1) ask(table, A, { turnAt: 10 });
    const first = ask(table, B, { turnAt: 5000 });
    const second = ask(table, B, { turnAt: 6000 });
    const served = Array.from({ length: 4 }, () => serveNext(table));
    expect(served).toContain(first);
    expect(served).toContain(second);
  });

  it('gives nothing for having been idle', () => {
    const table = smallTable();
    for (let call = 0; call < 40; call += 1) ask(table, A);
    for (let call = 0; call < 20; call += 1) serveNext(table);
    const late = new Set(Array.from({ length: 20 }, () => ask(table, B)));
    const next = Array.from({ length: 10 }, () => serveNext(table));
    const ofB = next.filter((id) => id !== null && late.has(id)).length;
    // Half of what follows, and at most the one turn that was under way: nothing of the twenty that went before.
    expect(ofB).toBeGreaterThanOrEqual(5);
    expect(ofB).toBeLessThanOrEqual(6);
  });

  it('shares by weight, 70 to 20 to 10', () => {
    const table = smallTable({ tickets: 400 });
    const seats = { a: 70, b: 20, c: 10 } as const;
    const owner = new Map<number, string>();
    for (const [name, weight] of Object.entries(seats)) {
      const seat = aSeat([name], { weight });
      for (let call = 0; call < 110; call += 1) {
        owner.set(ask(table, seat, { maxWaiting: 400 }), name);
      }
    }
    const counts: Record<string, number> = {};
    for (let turn = 0; turn < 100; turn += 1) {
      const name = owner.get(serveNext(table) ?? 0) ?? '';
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect(counts['a']).toBeGreaterThanOrEqual(69);
    expect(counts['a']).toBeLessThanOrEqual(71);
    expect(counts['b']).toBeGreaterThanOrEqual(19);
    expect(counts['c']).toBeGreaterThanOrEqual(9);
  });

  it('shares between organizations first, then teams, then consumers', () => {
    const table = smallTable();
    const owner = new Map<number, string>();
    const paths = [
      ['x', 't1', 'x1'],
      ['x', 't1', 'x2'],
      ['x', 't2', 'x3'],
      ['y', 'y1'],
    ];
    for (const path of paths) {
      for (let call = 0; call < 24; call += 1) {
        owner.set(ask(table, aSeat(path)), path.at(-1) ?? '');
      }
    }
    const counts: Record<string, number> = {};
    for (let turn = 0; turn < 40; turn += 1) {
      const name = owner.get(serveNext(table) ?? 0) ?? '';
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect(counts).toEqual({ y1: 20, x3: 10, x1: 5, x2: 5 });
  });

  it('counts what a call took in the end, not what was guessed', () => {
    const table = smallTable();
    const owner = new Map<number, string>();
    for (let call = 0; call < 60; call += 1) {
      owner.set(ask(table, A, { maxWaiting: 200 }), 'a');
      owner.set(ask(table, B, { maxWaiting: 200 }), 'b');
    }
    const counts = { a: 0, b: 0 };
    for (let turn = 0; turn < 60; turn += 1) {
      const next = nextTicket(table, CHAT, { now: 0 });
      if (next === null || next === 'busy') throw new Error('nobody waits');
      const served = serve(table, next.id);
      if (served === null || served === 'busy') throw new Error('not served');
      const name = owner.get(next.id) === 'a' ? 'a' : 'b';
      counts[name] += 1;
      correct(table, served, costs(name === 'a' ? 3 : 1));
    }
    expect(counts.b / counts.a).toBeGreaterThan(2.7);
    expect(counts.b / counts.a).toBeLessThan(3.3);
  });

  it('serves higher classes first, and lets every tenth turn go by shares alone', () => {
    const table = smallTable();
    const high = aSeat(['vip'], { priority: 5 });
    const lows = new Set(Array.from({ length: 20 }, () => ask(table, A)));
    for (let call = 0; call < 60; call += 1) ask(table, high);
    const turns = Array.from({ length: 40 }, () => lows.has(serveNext(table) ?? 0));
    expect(turns.slice(0, 9)).not.toContain(true);
    expect(turns.filter((low) => low)).toHaveLength(4);
  });

  it('keeps pools apart', () => {
    const table = smallTable();
    const here = ask(table, A);
    const there = ask(table, aSeat(['a'], { pool: 'other' }));
    expect(waitingIn(table, CHAT)).toBe(1);
    expect(serveNext(table)).toBe(here);
    expect(serveNext(table)).toBeNull();
    expect(serveNext(table, aSeat(['a'], { pool: 'other' }).pool)).toBe(there);
  });
});

describe('a head that does not fit', () => {
  it('lets smaller calls pass, whoever they belong to', () => {
    const table = smallTable();
    ask(table, A, { tokens: 5000, turnAt: 1 });
    ask(table, A, { tokens: 7000, turnAt: 2 });
    const small = ask(table, A, { tokens: 20, turnAt: 3 });
    expect(nextTicket(table, CHAT, { now: 0, smallerThan: 5000 })).toMatchObject({
      id: small,
      kept: [],
    });
    expect(nextTicket(table, CHAT, { now: 0, smallerThan: 20 })).toBeNull();
  });

  it('is looked at by no worker again until capacity may have come back', () => {
    const table = smallTable();
    const other = openWaitingTable(table.buffer, { worker: 2, epoch: 1 });
    const big = ask(table, A, { tokens: 500, turnAt: 1 });
    const small = ask(other, A, { tokens: 30, turnAt: 2 });
    noteNoRoom(table, CHAT, { tokens: 500, now: 10, until: 1000 });
    expect(nextTicket(other, CHAT, { now: 10 })).toMatchObject({ id: small });
    noteNoRoom(other, CHAT, { tokens: 30, now: 20, until: 900 });
    // A larger one that is told after it changes nothing.
    noteNoRoom(table, CHAT, { tokens: 500, now: 20, until: 5000 });
    expect(nextTicket(table, CHAT, { now: 20 })).toBeNull();
    expect(nextTicket(table, CHAT, { now: 900 })).toMatchObject({ id: big });
    noteNoRoom(table, CHAT, { tokens: 30, now: 900, until: 5000 });
    roomReturned(other);
    expect(nextTicket(table, CHAT, { now: 901 })).toMatchObject({ id: big });
  });

  it('is looked at where capacity came back after it was looked for and before that was told', () => {
    const table = smallTable();
    const waits = ask(table, A, { tokens: 30, turnAt: 1 });
    const room = roomCount(table);
    roomReturned(table);
    noteNoRoom(table, CHAT, { tokens: 30, now: 10, room, until: 9000 });
    expect(nextTicket(table, CHAT, { now: 11 })).toMatchObject({ id: waits });
  });

  it('for a reason of its own is put off, and the others go', () => {
    const table = smallTable();
    const first = ask(table, A, { turnAt: 1 });
    const second = ask(table, A, { turnAt: 2 });
    callTicket(table, first, 5);
    putOff(table, first, 100);
    expect(nextTicket(table, CHAT, { now: 50 })).toMatchObject({ id: second });
    expect(nextTicket(table, CHAT, { now: 100 })).toMatchObject({ id: first, called: false });
  });
});

describe('the bounds of the queue', () => {
  it('refuses a tenant that fills the pool’s places alone', () => {
    const table = smallTable();
    for (let call = 0; call < 5; call += 1) ask(table, A, { maxWaiting: 5 });
    const terms = { turnAt: 9, cost: costs(1), tokens: 1 };
    expect(enqueue(table, A, terms, { now: 0, maxWaiting: 5 })).toBe('full');
  });

  it('gives a newcomer a place of the tenant that holds most, whose last ticket is displaced', () => {
    const table = smallTable();
    const flood = Array.from({ length: 6 }, (_, call) =>
      ask(table, A, { turnAt: call, maxWaiting: 6 }),
    );
    const id = ask(table, B, { maxWaiting: 6 });
    expect(ticketState(table, id)).toBe('waiting');
    expect(flood.map((each) => ticketState(table, each))).toEqual([
      ...Array.from({ length: 5 }, () => 'waiting'),
      'displaced',
    ]);
    expect(answerBell(table)).toBe(true);
    expect(waitingIn(table, CHAT)).toBe(6);
    expect(leave(table, flood[5] ?? 0)).toBe(true);
    expect(ticketState(table, flood[5] ?? 0)).toBe('gone');
    ask(table, B, { maxWaiting: 6 });
    // At 4 to 2 a third place would be half and half: from there on nobody displaces anybody.
    ask(table, B, { maxWaiting: 6 });
    const terms = { turnAt: 9, cost: costs(1), tokens: 1 };
    expect(enqueue(table, B, terms, { now: 0, maxWaiting: 6 })).toBe('full');
    expect(faultsOf(table)).toEqual([]);
  });

  it('has slots for many consumers one after the other, and refuses when too many compete at once', () => {
    const table = smallTable({ shares: 12, tickets: 50 });
    for (let round = 0; round < 40; round += 1) {
      const now = round * 100_000;
      const id = ask(table, aSeat([`c${round}`]), { now });
      expect(leave(table, id)).toBe(true);
    }
    const terms = { turnAt: 9, cost: costs(1), tokens: 1 };
    const many = Array.from({ length: 20 }, (_, each) =>
      enqueue(table, aSeat([`d${each}`]), terms, { now: 9e6, maxWaiting: 100 }),
    );
    expect(many.filter((id) => id === 'full')).toHaveLength(10);
    expect(faultsOf(table)).toEqual([]);
  });
});

describe('a ticket of another worker', () => {
  it('is named with its worker, and passed when that one was called and does not come', () => {
    const table = smallTable();
    const other = openWaitingTable(table.buffer, { worker: 2, epoch: 1 });
    const theirs = ask(other, A, { turnAt: 1 });
    const ours = ask(table, A, { turnAt: 2 });
    expect(nextTicket(table, CHAT, { now: 100 })).toMatchObject({ id: theirs, worker: 2 });
    callTicket(table, theirs, 100);
    expect(answerBell(other)).toBe(true);
    expect(nextTicket(table, CHAT, { now: 140 })).toMatchObject({ id: theirs });
    expect(nextTicket(table, CHAT, { now: 160 })).toMatchObject({ id: ours });
    expect(nextTicket(other, CHAT, { now: 160 })).toMatchObject({ id: theirs, called: true });
    answerCall(other, theirs);
    expect(nextTicket(table, CHAT, { now: 160 })).toMatchObject({ id: theirs, called: false });
  });

  it('ends once, whoever tries it again', () => {
    const table = smallTable();
    const id = ask(table, A);
    expect(serve(table, id)).not.toBeNull();
    expect(serve(table, id)).toBeNull();
    const again = ask(table, A);
    expect(leave(table, id)).toBe(true);
    expect(ticketState(table, again)).toBe('waiting');
  });
});

/** A queue and what the test knows of it. */
class Watched {
  readonly table = smallTable({ tickets: 40, shares: 30 });
  readonly open = new Map<number, { who: number; tokens: number; turnAt: number }>();
  readonly #ended = new Set<number>();

  ask(who: number, tokens: number, turnAt: number): void {
    const terms = { turnAt, cost: costs(tokens), tokens };
    const id = enqueue(this.table, SEATS[who] ?? A, terms, { now: 0, maxWaiting: 12 });
    const lost = [...this.open.keys()].filter((o) => ticketState(this.table, o) === 'displaced');
    for (const other of lost) this.leave(other);
    if (typeof id === 'number') this.open.set(id, { who, tokens, turnAt });
  }

  /** Serves what is next below a size, and returns what should have come before it, or instead of nothing. */
  serve(fits: number): readonly number[] {
    const next = nextTicket(this.table, CHAT, { now: 0, smallerThan: fits });
    const fitting = [...this.open].filter(([, { tokens }]) => tokens < fits);
    if (next === null || next === 'busy') return fitting.map(([id]) => id);
    const chosen = this.open.get(next.id);
    if (serve(this.table, next.id) === null) throw new Error('served nothing');
    this.#end(next.id);
    return fitting
      .filter(([, { who, turnAt }]) => who === chosen?.who && turnAt < chosen.turnAt)
      .map(([id]) => id);
  }

  leave(id: number | undefined): void {
    if (id === undefined) return;
    leave(this.table, id);
    this.#end(id);
  }

  #end(id: number): void {
    if (this.#ended.has(id)) throw new Error('a ticket ended twice');
    this.#ended.add(id);
    this.open.delete(id);
  }
}

const SEATS = [
  A,
  B,
  aSeat(['o', 'c']),
  aSeat(['o', 't', 'd'], { weight: 3 }),
  aSeat(['vip'], { priority: 2 }),
  aSeat(['e'], { weight: 0.5, priority: 1 }),
];

const kind = <K extends string>(name: K) => constant(name);
const step = oneof(
  {
    weight: 5,
    arbitrary: record({
      kind: kind('ask'),
      who: nat(5),
      tokens: integer({ min: 1, max: 50 }),
      turnAt: nat(1000),
    }),
  },
  { weight: 4, arbitrary: record({ kind: kind('serve'), fits: integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: record({ kind: kind('leave'), which: nat(1000) }) },
);

describe('over random arrivals', () => {
  it('every ticket ends exactly once, bounds hold, turns rule inside a share, and the sums add up', () => {
    const steps = array(step, { maxLength: 120 });
    const run = property(steps, (all) => {
      const watched = new Watched();
      for (const each of all) {
        let passed: readonly number[] = [];
        if (each.kind === 'ask') watched.ask(each.who, each.tokens, each.turnAt);
        else if (each.kind === 'serve') passed = watched.serve(each.fits);
        else watched.leave([...watched.open.keys()][each.which % Math.max(1, watched.open.size)]);
        expect(passed).toEqual([]);
        expect(waitingIn(watched.table, CHAT)).toBe(watched.open.size);
        expect(watched.open.size).toBeLessThanOrEqual(12);
      }
      expect(faultsOf(watched.table)).toEqual([]);
    });
    assert(run, { numRuns: 300 });
  });

  it('nobody starves: whoever waits is served within the turns that its share and the tenth turn give it', () => {
    const run = property(array(nat(5), { minLength: 1, maxLength: 30 }), (others) => {
      const table = smallTable();
      for (const who of others) ask(table, SEATS[who] ?? A);
      const mine = ask(table, aSeat(['mine']), { turnAt: 1e9 });
      let turns = 0;
      while (ticketState(table, mine) === 'waiting') {
        // Everybody else asks again at once.
        for (const who of new Set(others)) {
          if (waitingIn(table, CHAT) < 90) ask(table, SEATS[who] ?? A, { turnAt: 1 });
        }
        serveNext(table);
        turns += 1;
        expect(turns).toBeLessThanOrEqual(40);
      }
    });
    assert(run, { numRuns: 100 });
  });
});
