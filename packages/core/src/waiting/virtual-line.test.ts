import { beforeEach, describe, expect, it } from 'vitest';
import type { ShareSeat } from './share-seat.ts';
import { roomReturned } from './turn-queue.ts';
import { VirtualLine, type VirtualCall, type VirtualLineHost } from './virtual-line.ts';
import { aSeat, smallTables } from './waiting-fixture.bench.ts';
import type { WaitingTable } from './waiting-table.ts';

interface Call extends VirtualCall {
  readonly name: string;
}

/** Places for so many calls at once; whoever is let go keeps its own until it is given back. */
class Places implements VirtualLineHost<Call, object> {
  free = 0;
  /** When one is free that is not now; null: never. */
  nextAt: number | null = 100_000;
  /** Who may only go from the lower tier. */
  lowerFree = 0;
  isCertain = true;
  readonly held = new Set<string>();
  readonly happened: string[] = [];

  startOf(_call: Call, now: number): number | null {
    return this.free + this.lowerFree > 0 ? now : this.nextAt;
  }

  roomAt(call: Call, now: number): number | null {
    return this.startOf(call, now);
  }

  againAt(_call: Call, now: number): number {
    return now + 100;
  }

  capacity() {
    return { requests: null, tokens: null, tokensPerRequest: null };
  }

  pick(call: Call, _kept: unknown, now: number): object | 'no_room' | 'not_yet' {
    if (this.held.has(call.name)) return 'not_yet';
    if (this.free > 0) {
      this.free -= 1;
      return {};
    }
    const spilled = call.spillAt === null || call.spillAt <= now;
    if (!spilled) return 'not_yet';
    if (this.lowerFree === 0) return 'no_room';
    this.lowerFree -= 1;
    return {};
  }

  isRoomCertain(): boolean {
    return this.isCertain;
  }

  placeToKeep(): null {
    return null;
  }

  go(call: Call, _held: object, _served: unknown, now: number): void {
    this.happened.push(`${call.name} goes at ${now}`);
  }

  refuse(call: Call, startAt: number | null, now: number): void {
    this.happened.push(`${call.name} is refused at ${now}, ${startAt ?? 'nothing'} told`);
  }
}

let places: Places;
let tables: readonly WaitingTable[];

const seat = (consumer: string): ShareSeat => aSeat([consumer]);

const call = (name: string, more: Partial<Call> = {}): Call => ({
  name,
  seat: seat('web'),
  tokens: 10,
  deadlineAt: 10_000,
  spillAt: null,
  ...more,
});

function lineOf(workers = 1, maxWaiting = 100): VirtualLine<Call, object> {
  tables = smallTables(workers);
  const pool = { key: seat('web').pool, maxWaitMs: 10_000, maxWaiting };
  return new VirtualLine(pool, tables, places);
}

function giveBack(line: VirtualLine<Call, object>, count: number, now: number): void {
  places.free += count;
  const [table] = tables;
  if (table !== undefined) roomReturned(table);
  line.freed(now);
}

/** Wakes the line whenever it asks for it. */
function runUntil(line: VirtualLine<Call, object>, until: number): void {
  while (line.wakeAt <= until) line.wake(line.wakeAt);
}

describe('a line under virtual time', () => {
  beforeEach(() => {
    places = new Places();
    places.nextAt = 5000;
  });

  it('lets calls go in turn as places come back, the earliest deadline first', () => {
    const line = lineOf();
    line.join(call('late', { deadlineAt: 9000 }), 0, 0);
    line.join(call('soon', { deadlineAt: 6000 }), 0, 1);
    expect(line.hasWaiting).toBe(true);
    giveBack(line, 1, 50);
    giveBack(line, 1, 60);
    expect(places.happened).toEqual(['soon goes at 50', 'late goes at 60']);
    expect(line.hasWaiting).toBe(false);
    expect(line.wakeAt).toBe(Infinity);
  });

  it('alternates between consumers, however many calls one of them has', () => {
    const line = lineOf();
    for (let at = 0; at < 6; at += 1) line.join(call(`a${at}`, { seat: seat('a') }), 0, at);
    for (let at = 0; at < 2; at += 1) line.join(call(`b${at}`, { seat: seat('b') }), 0, 10 + at);
    giveBack(line, 4, 50);
    const gone = places.happened.map((event) => event[0]);
    expect(gone.filter((name) => name === 'b')).toHaveLength(2);
  });

  it('refuses at once what starts too late, and at its deadline what did not', () => {
    const line = lineOf();
    line.join(call('impatient', { deadlineAt: 4000 }), 0, 0);
    expect(places.happened).toEqual(['impatient is refused at 0, 5000 told']);
    line.join(call('patient', { deadlineAt: 6000 }), 0, 0);
    places.nextAt = 7000;
    runUntil(line, 10_000);
    expect(places.happened).toHaveLength(2);
    expect(places.happened[1]).toMatch(/^patient is refused at 6000\.\d+, nothing told$/);
    places.nextAt = null;
    line.join(call('hopeless'), 0, 8000);
    expect(places.happened[2]).toBe('hopeless is refused at 8000, nothing told');
  });

  it('takes the last place of who holds most where every place to wait is taken', () => {
    const line = lineOf(1, 3);
    for (const name of ['a0', 'a1', 'a2', 'a3']) line.join(call(name, { seat: seat('a') }), 0, 0);
    expect(places.happened).toEqual(['a3 is refused at 0, 5000 told']);
    line.join(call('b0', { seat: seat('b') }), 0, 1);
    expect(places.happened.slice(1)).toEqual(['a2 is refused at 1, nothing told']);
  });

  it('passes who must not go yet for a reason of its own', () => {
    const line = lineOf();
    places.held.add('first');
    line.join(call('first'), 0, 0);
    line.join(call('second'), 0, 1);
    giveBack(line, 2, 50);
    expect(places.happened).toEqual(['second goes at 50']);
    places.held.clear();
    runUntil(line, 200);
    expect(places.happened[1]).toMatch(/^first goes at 150\.00\d+$/);
  });

  it('lets a call into lower tiers at its time, whosever turn it is', () => {
    const line = lineOf();
    places.lowerFree = 1;
    line.join(call('first', { spillAt: 3000 }), 0, 0);
    line.join(call('second', { spillAt: 2000 }), 0, 0);
    runUntil(line, 2500);
    expect(places.happened).toEqual(['second goes at 2000']);
  });

  it('lets a few go first where it is not certain what a key bears, twice as many each quarter of a second, and fewer after a refusal', () => {
    const line = lineOf();
    places.isCertain = false;
    for (let at = 0; at < 40; at += 1) line.join(call(`c${at}`), 0, 0);
    giveBack(line, 100, 50);
    expect(places.happened).toHaveLength(12);
    runUntil(line, 299);
    expect(places.happened.length).toBeLessThan(24);
    runUntil(line, 310);
    expect(places.happened).toHaveLength(24);
    places.free = 0;
    line.refused(0, 310);
    giveBack(line, 100, 311);
    expect(places.happened).toHaveLength(26);
    runUntil(line, 2000);
    expect(places.happened).toHaveLength(40);
  });

  it('is one order over all workers', () => {
    const line = lineOf(2);
    line.join(call('at two', { deadlineAt: 9000 }), 1, 0);
    line.join(call('at one', { deadlineAt: 8000 }), 0, 0);
    giveBack(line, 2, 50);
    expect(places.happened).toEqual(['at one goes at 50', 'at two goes at 50']);
  });
});
