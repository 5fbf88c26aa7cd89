import { describe, expect, it } from 'vitest';
import {
  enqueue,
  leave,
  nextTicket,
  noteNoRoom,
  roomReturned,
  serve,
  type NextTicket,
} from './turn-queue.ts';
import type { ShareSeat } from './share-seat.ts';
import { aSeat, faultsOf, smallTable, costs } from './waiting-fixture.bench.ts';
import type { WaitingTable } from './waiting-table.ts';

const A = aSeat(['a']);
const B = aSeat(['b']);
const CHAT = A.pool;

function ask(table: WaitingTable, seat: ShareSeat, tokens: number): number {
  const terms = { turnAt: 1000 + tokens, cost: costs(1), tokens };
  const id = enqueue(table, seat, terms, { now: 0, maxWaiting: 100 });
  if (typeof id === 'string') throw new Error(id);
  return id;
}

/** Finds a ticket not to fit, and puts what comes back at a candidate aside for it. */
function keep(table: WaitingTable, id: number, tokens: number, candidate: number): void {
  const place = { id, candidate, from: 300 + candidate };
  noteNoRoom(table, CHAT, { tokens, now: 0, until: 100, keep: place });
}

function next(table: WaitingTable, now = 0): NextTicket {
  const found = nextTicket(table, CHAT, { now });
  if (found === null || found === 'busy') throw new Error(`nothing is next: ${found}`);
  return found;
}

const candidates = (table: WaitingTable, now = 0): readonly number[] =>
  next(table, now).kept.map(({ candidate }) => candidate);

describe('refill that is put aside', () => {
  it('is told to whoever is looked at after it, with whose it is', () => {
    const table = smallTable();
    const large = ask(table, A, 100);
    const middle = ask(table, B, 50);
    const small = ask(table, B, 10);
    keep(table, large, 100, 4);
    keep(table, middle, 50, 2);
    expect(next(table)).toMatchObject({ id: small });
    expect(next(table).kept).toEqual([
      { candidate: 2, from: 302, tokens: 50 },
      { candidate: 4, from: 304, tokens: 100 },
    ]);
  });

  it('is in nobody’s own way', () => {
    const table = smallTable();
    const large = ask(table, A, 100);
    keep(table, large, 100, 4);
    ask(table, A, 10);
    // The newcomer may come before it: whoever is first is looked at again.
    expect(next(table)).toMatchObject({ kept: [] });
  });

  it('holds as long as what was found not to fit, and is found anew then', () => {
    const table = smallTable();
    const large = ask(table, A, 100);
    ask(table, B, 10);
    keep(table, large, 100, 4);
    expect(candidates(table)).toEqual([4]);
    expect(candidates(table, 100)).toEqual([]);
    roomReturned(table);
    expect(candidates(table)).toEqual([]);
    // The place before is forgotten, not kept beside the new one.
    keep(table, large, 100, 7);
    expect(candidates(table)).toEqual([7]);
    expect(faultsOf(table)).toEqual([]);
  });

  it('is all that is known of a call that cannot go wherever others can: larger ones are looked at, and not it again', () => {
    const table = smallTable();
    const restricted = ask(table, A, 10);
    const large = ask(table, A, 100);
    const place = { id: restricted, candidate: 4, from: 300 };
    expect(noteNoRoom(table, CHAT, { tokens: null, now: 0, until: 100, keep: place })).toBe(true);
    expect(next(table)).toMatchObject({ id: large, kept: [{ candidate: 4 }] });
    // Neither holds longer for what is found of the other.
    keep(table, large, 100, 2);
    expect(nextTicket(table, CHAT, { now: 99 })).toBeNull();
    expect(next(table, 100)).toMatchObject({ id: restricted, kept: [] });
    noteNoRoom(table, CHAT, { tokens: 100, now: 100, until: 500 });
    noteNoRoom(table, CHAT, { tokens: null, now: 100, until: 300, keep: place });
    expect(nextTicket(table, CHAT, { now: 299 })).toBeNull();
    expect(next(table, 300)).toMatchObject({ id: restricted });
    noteNoRoom(table, CHAT, { tokens: null, now: 300, until: 400, keep: place });
    noteNoRoom(table, CHAT, { tokens: 100, now: 300, until: 900 });
    expect(next(table, 400)).toMatchObject({ id: restricted });
    roomReturned(table);
    expect(next(table, 301)).toMatchObject({ id: restricted });
    expect(faultsOf(table)).toEqual([]);
  });

  it('ends with its ticket, whichever of several that is', () => {
    const table = smallTable();
    const larges = [90, 80, 70].map((tokens) => ask(table, A, tokens));
    ask(table, B, 10);
    larges.forEach((id, place) => keep(table, id, 90 - 10 * place, place));
    expect(candidates(table)).toEqual([2, 1, 0]);
    serve(table, larges[1] ?? 0);
    expect(candidates(table)).toEqual([2, 0]);
    leave(table, larges[2] ?? 0);
    leave(table, larges[0] ?? 0);
    expect(candidates(table)).toEqual([]);
    expect(faultsOf(table)).toEqual([]);
  });

  it('is put aside for a ticket once, and for sixteen of a pool at most', () => {
    const table = smallTable();
    const larges = Array.from({ length: 20 }, (_, place) => ask(table, A, 100 - place));
    ask(table, B, 10);
    larges.forEach((id, place) => {
      keep(table, id, 100 - place, place);
      keep(table, id, 100 - place, 50);
    });
    expect(candidates(table).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 16 }, (_, place) => place),
    );
    expect(faultsOf(table)).toEqual([]);
  });
});
