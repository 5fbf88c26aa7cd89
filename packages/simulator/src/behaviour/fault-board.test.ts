import { describe, expect, test } from 'vitest';
import { seededRandom } from '../random.ts';
import { FaultBoard } from './fault-board.ts';
import type { FaultSubject } from './fault-board.ts';
import { readFault } from './fault-input.ts';

const subject: FaultSubject = {
  key: 'a',
  organization: 'org-1',
  project: 'proj_1',
  model: 'gpt-5',
  stream: false,
};

const acts = (board: FaultBoard, over: Partial<FaultSubject> = {}, now = 0): string | null =>
  board.plan('answer', { ...subject, ...over }, now).acting?.fault ?? null;

const diceOf = (seed: number): boolean[] => {
  const board = new FaultBoard(seededRandom(seed));
  board.set({ fault: 'server_error', probability: 0.3 }, 0);
  return Array.from({ length: 2000 }, () => acts(board) !== null);
};

describe('a fault', () => {
  test('acts only where everything it names fits', () => {
    const board = new FaultBoard(seededRandom(1));
    board.set({ fault: 'server_error', key: 'a', model: 'gpt-5' }, 0);
    expect(acts(board)).toBe('server_error');
    expect(acts(board, { key: 'b' })).toBeNull();
    expect(acts(board, { model: 'gpt-4o' })).toBeNull();
  });

  test('with a count acts on so many calls, after those it lets pass', () => {
    const board = new FaultBoard(seededRandom(1));
    board.set({ fault: 'server_error', afterCalls: 2, count: 3 }, 0);
    expect(Array.from({ length: 7 }, () => acts(board) !== null)).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test('begins and ends at its instants', () => {
    const board = new FaultBoard(seededRandom(1));
    board.set({ fault: 'overloaded', startAfterMs: 100, durationMs: 50 }, 1000);
    expect([1099, 1100, 1149.9, 1150].map((now) => acts(board, {}, now) !== null)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(board.list(1150)).toEqual([]);
  });

  test('with a probability acts on its share, the same calls under the same seed', () => {
    const share = diceOf(7).filter(Boolean).length / 2000;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.35);
    expect(diceOf(7)).toEqual(diceOf(7));
    expect(diceOf(7)).not.toEqual(diceOf(8));
  });

  test('that was set last wins, and shaping faults come on top of it', () => {
    const board = new FaultBoard(seededRandom(1));
    board.set({ fault: 'server_error' }, 0);
    board.set({ fault: 'quota_exhausted', key: 'a' }, 0);
    board.set({ fault: 'extra_headers' }, 0);
    const plan = board.plan('answer', subject, 0);
    expect(plan.acting?.fault).toBe('quota_exhausted');
    expect(plan.shapes.map((shape) => shape.fault)).toEqual(['extra_headers']);
  });

  test('of a stream does not touch a call without one', () => {
    const board = new FaultBoard(seededRandom(1));
    board.set({ fault: 'die_before_done', count: 1 }, 0);
    expect(acts(board)).toBeNull();
    expect(acts(board, { stream: true })).toBe('die_before_done');
  });

  test('with the id of an older one takes its place', () => {
    const board = new FaultBoard(seededRandom(1));
    board.set({ id: 'x', fault: 'server_error' }, 0);
    board.set({ id: 'x', fault: 'overloaded' }, 0);
    expect(board.list(0).map((fault) => fault.fault)).toEqual(['overloaded']);
    expect(board.clear({ id: 'x' })).toBe(1);
    expect(board.clear({})).toBe(0);
  });
});

test.each([
  [{ fault: 'nonsense' }, /fault/],
  [{ fault: 'dead_key', events: 3 }, /dead_key does not take events/],
  [{ fault: 'refuse_connection', model: 'gpt-5' }, /before the body is read/],
  [{ fault: 'server_error', count: 0 }, /count/],
  [{ fault: 'server_error', probability: 1.1 }, /probability/],
  [{ fault: 'extra_headers', headers: ['a: b\r\nc: d'] }, /headers/],
  [{ fault: 'redirect', location: 'http://a b' }, /location/],
  [{ fault: 'server_error', unknown: 1 }, /unknown/],
  ['server_error', /expected object/],
])('refuses %j and says why', (json, why) => {
  const read = readFault(json);
  expect(read.ok ? [] : read.problems.join('; ')).toMatch(why);
});
