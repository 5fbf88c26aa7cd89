import { describe, expect, it } from 'vitest';
import { ClaimLedger } from './claim-ledger.ts';
import type { ClaimEnd, ClaimReply, FromLedger } from './messages.ts';

const LIMITS = {
  enabled: true,
  ttlMs: 1000,
  maxEntries: 3,
  maxBytes: 100_000,
  maxAnswerBytes: 50_000,
  maxWaitMs: 100,
};

function opened(limits: Partial<typeof LIMITS> = {}) {
  const told: (FromLedger & { worker: number })[] = [];
  const clock = { now: 0 };
  const ledger = new ClaimLedger(
    { ...LIMITS, ...limits },
    () => clock.now,
    (worker, message) => told.push({ worker, ...message }),
  );
  const claim = (
    id: number,
    key = 'k',
    more: { body?: string; worker?: number; waits?: boolean } = {},
  ) => {
    const { body = 'b', worker = 1, waits = true } = more;
    ledger.onMessage(worker, { kind: 'claim', id, key, fingerprint: body, waits });
    return replyTo(id);
  };
  const replyTo = (id: number): ClaimReply | undefined =>
    told.findLast((each) => each.id === id)?.reply;
  const claimOf = (id: number): number => {
    const reply = replyTo(id);
    if (reply?.kind !== 'yours') throw new Error(`call ${id} holds nothing`);
    return reply.claim;
  };
  const end = (id: number, how: ClaimEnd, key = 'k') =>
    ledger.onMessage(1, { kind: 'end', key, claim: claimOf(id), end: how });
  return { ledger, clock, claim, replyTo, end };
}

const answer = (bytes = 10): ClaimEnd => ({
  kind: 'answer',
  answer: { status: 200, headers: [], body: new SharedArrayBuffer(bytes), requestId: 'req_1' },
});

describe('the ledger of claims', () => {
  it('gives a call to the first, its answer to those that wait and to those that come later', () => {
    const { claim, replyTo, end } = opened();
    expect(claim(1)).toMatchObject({ kind: 'yours' });
    expect(claim(2, 'k', { worker: 2 })).toEqual({ kind: 'waiting' });
    expect(claim(3, 'k', { waits: false })).toEqual({ kind: 'in_progress' });
    expect(claim(4, 'k', { body: 'other' })).toEqual({ kind: 'mismatch' });
    end(1, answer());
    expect(replyTo(2)).toMatchObject({ kind: 'replay', answer: { requestId: 'req_1' } });
    expect(claim(5)).toMatchObject({ kind: 'replay' });
    expect(claim(6, 'k', { body: 'other' })).toEqual({ kind: 'mismatch' });
  });

  it('passes a call that was not carried out on to one that waits, to one after the other', () => {
    const { ledger, claim, replyTo, end } = opened();
    for (const id of [1, 2, 3]) claim(id);
    end(1, { kind: 'released' });
    expect([replyTo(2)?.kind, replyTo(3)?.kind]).toEqual(['yours', 'waiting']);
    end(2, { kind: 'released' });
    expect(replyTo(3)?.kind).toBe('yours');
    end(3, { kind: 'released' });
    expect(ledger.size).toBe(0);
    expect(ledger.bytes).toBe(0);
  });

  it('tells nobody an answer that is not known, and lets nobody carry the call out again', () => {
    const { clock, claim, replyTo, end } = opened();
    claim(1);
    claim(2);
    end(1, { kind: 'unknown' });
    expect(replyTo(2)).toEqual({ kind: 'unknown' });
    expect(claim(3)).toEqual({ kind: 'unknown' });
    clock.now = 1000;
    expect(claim(4)).toMatchObject({ kind: 'yours' });
  });

  it('forgets an answer when its time has come', () => {
    const { clock, claim, end } = opened();
    claim(1);
    end(1, answer());
    clock.now = 999;
    expect(claim(2)?.kind).toBe('replay');
    clock.now = 1000;
    expect(claim(3)?.kind).toBe('yours');
  });

  it('keeps no more answers and bytes than it may, the youngest, and never forgets what is under way', () => {
    const { ledger, claim, end } = opened();
    claim(1, 'running');
    for (const [index, key] of ['a', 'b', 'c', 'd'].entries()) {
      claim(10 + index, key);
      end(10 + index, answer(1000), key);
    }
    expect(ledger.size).toBe(3);
    expect(claim(20, 'running')?.kind).toBe('waiting');
    expect(claim(21, 'd')?.kind).toBe('replay');
    expect(claim(22, 'a')?.kind).toBe('yours');
    const large = opened({ maxBytes: 100_000, maxEntries: 100 });
    for (let index = 0; index < 10; index += 1) {
      large.claim(index, `k${index}`);
      large.end(index, answer(30_000), `k${index}`);
      expect(large.ledger.bytes).toBeLessThanOrEqual(100_000);
    }
    expect(large.ledger.size).toBe(3);
    large.ledger.configure({ ...LIMITS, maxEntries: 1 });
    expect(large.ledger.size).toBe(1);
  });

  it('takes a call of a thread that has ended for one whose outcome nobody knows', () => {
    const { ledger, claim, replyTo } = opened();
    claim(1, 'k', { worker: 1 });
    claim(2, 'k', { worker: 2 });
    claim(3, 'k', { worker: 1 });
    claim(4, 'other', { worker: 2 });
    ledger.workerEnded(1);
    expect(replyTo(2)).toEqual({ kind: 'unknown' });
    expect(replyTo(3)).toEqual({ kind: 'waiting' });
    expect(claim(5, 'other')).toEqual({ kind: 'waiting' });
  });

  it('forgets who left, also when its turn has just come', () => {
    const { ledger, claim, replyTo, end } = opened();
    for (const id of [1, 2, 3]) claim(id);
    ledger.onMessage(1, { kind: 'leave', id: 2, key: 'k' });
    end(1, { kind: 'released' });
    expect(replyTo(2)?.kind).toBe('waiting');
    expect(replyTo(3)?.kind).toBe('yours');
    ledger.onMessage(1, { kind: 'leave', id: 3, key: 'k' });
    expect(ledger.size).toBe(0);
  });

  it('hears nothing from a call whose claim was passed on', () => {
    const { ledger, claim, replyTo } = opened();
    const first = claim(1);
    claim(2);
    if (first?.kind !== 'yours') throw new Error('not given');
    const stale = { kind: 'end', key: 'k', claim: first.claim, end: { kind: 'released' } } as const;
    ledger.onMessage(1, stale);
    ledger.onMessage(1, stale);
    expect(replyTo(2)?.kind).toBe('yours');
    expect(ledger.size).toBe(1);
  });
});
