import { expect, test } from 'vitest';
import { CallLog } from './call-log.ts';

const owner = { alias: 'a', organization: 'org-1', project: 'proj_1' };

function logWithClock(kept: number): { log: CallLog; at: { now: number } } {
  const at = { now: 0 };
  const clock = { now: () => at.now, wallNow: () => 1_000_000 + at.now };
  return { log: new CallLog(clock, ['a', 'b'], kept), at };
}

test('counts calls, what is in flight and its peak, per key and in all', () => {
  const { log } = logWithClock(10);
  const first = log.begin(owner, 'chat.completions', 'openai');
  const second = log.begin(owner, 'embeddings', 'openai');
  log.begin(null, 'chat.completions', 'openai');
  first.status = 200;
  log.end(first);
  second.status = 429;
  log.end(second);
  log.end(second);
  expect(log.counts().keys['a']).toMatchObject({
    calls: 2,
    inFlight: 0,
    maxInFlight: 2,
    byStatus: { 200: 1, 429: 1 },
    byOperation: { 'chat.completions': 1, embeddings: 1 },
  });
  expect(log.counts().keys['b']).toMatchObject({ calls: 0 });
  expect(log.counts().unknownKey).toMatchObject({ calls: 1, inFlight: 1 });
  expect(log.counts().total).toMatchObject({ calls: 3, inFlight: 1, maxInFlight: 3 });
});

test('keeps the last calls in order with their times, and says how many it dropped', () => {
  const { log, at } = logWithClock(3);
  for (let call = 0; call < 5; call++) {
    at.now = call * 10;
    const record = log.begin(owner, 'chat.completions', 'openai');
    at.now += 5;
    log.end(record);
  }
  const { calls, dropped } = log.recent();
  expect(calls.map((call) => call.sequence)).toEqual([3, 4, 5]);
  expect(calls[0]).toMatchObject({
    startedMs: 20,
    endedMs: 25,
    startedAt: 1_000_020,
    endedAt: 1_000_025,
  });
  expect(dropped).toBe(2);
});

test('a call in flight at a reset leaves the gauge and nothing else', () => {
  const { log } = logWithClock(3);
  const old = log.begin(owner, 'chat.completions', 'openai');
  log.reset();
  expect(log.counts().total).toMatchObject({ calls: 0, inFlight: 1 });
  old.status = 200;
  log.end(old);
  expect(log.counts().total).toMatchObject({ calls: 0, inFlight: 0, byStatus: {} });
  expect(log.recent().calls).toEqual([]);
});
