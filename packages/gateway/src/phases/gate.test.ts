import { CounterTable } from '@keywell/core/limits/counter-table';
import { acquireLock, lockWordOf, releaseLock } from '@keywell/core/limits/record-lock';
import { compileModelPatterns } from '@keywell/core/access/model-patterns';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { createMetricCells, Meter } from '../telemetry/meter.ts';
import { gate, type GatedCall } from './gate.ts';

const OTHER = lockWordOf({ worker: 2, epoch: 1 });

function world(requestsPerMinute: number | null) {
  const cells = new SharedArrayBuffer(CounterTable.bytes(1));
  const [record] = aSnapshot({ consumers: [{ requestsPerMinute }] }).consumers;
  if (record === undefined) throw new Error('the snapshot has no consumer');
  const consumer: GatedCall['consumer'] = { record, mayCall: compileModelPatterns(record.models) };
  const exchange: GatedCall = {
    consumer,
    limitHeaders: [],
    ownLimit: null,
    callerGone: false,
  };
  return {
    locks: new Int32Array(cells),
    exchange,
    plane: {
      counters: new CounterTable(cells, { worker: 1, epoch: 1 }),
      clock: { now: () => 1000, wallNow: () => 1000 },
      meter: new Meter(createMetricCells(2), 1),
    },
  };
}

describe('the gate', () => {
  it('admits as many as the limit says and answers at once', () => {
    const { exchange, plane } = world(2);
    expect([gate(exchange, plane), gate(exchange, plane)]).toEqual([null, null]);
    expect(gate(exchange, plane)).toMatchObject({ code: 'rate_limit_exceeded' });
    expect(exchange.limitHeaders).toContain('x-ratelimit-remaining-requests');
  });

  it('lets everybody through without a limit', () => {
    const { exchange, plane } = world(null);
    expect(gate(exchange, plane)).toBeNull();
  });

  describe('while another thread holds the counters', () => {
    it('waits for it and then judges', async () => {
      const { exchange, plane, locks } = world(1);
      expect(acquireLock(locks, 0, OTHER)).toBe(true);
      const answer = gate(exchange, plane);
      expect(answer).toBeInstanceOf(Promise);
      releaseLock(locks, 0, OTHER);
      expect(await answer).toBeNull();
      expect(gate(exchange, plane)).toMatchObject({ code: 'rate_limit_exceeded' });
    });

    it('gives up when it never lets go, and admits nobody', async () => {
      const { exchange, plane, locks } = world(1);
      expect(acquireLock(locks, 0, OTHER)).toBe(true);
      expect(await gate(exchange, plane)).toMatchObject({ code: 'overloaded' });
      releaseLock(locks, 0, OTHER);
      expect(gate(exchange, plane)).toBeNull();
    });

    it('stops waiting when the caller has left', async () => {
      const { exchange, plane, locks } = world(1);
      expect(acquireLock(locks, 0, OTHER)).toBe(true);
      const answer = gate(exchange, plane);
      exchange.callerGone = true;
      expect(await answer).toMatchObject({ code: 'overloaded' });
      releaseLock(locks, 0, OTHER);
      expect(gate(exchange, plane)).toBeNull();
    });
  });
});
