import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKeyTable, type KeyTable } from '@keywell/core/keys/key-table';
import { retriesOf } from '@keywell/core/keys/retry-budget';
import { LEASE_HEAD, LEASES } from '@keywell/core/keys/table-layout';
import { planKeys } from '@keywell/core/keys/plan';
import { createClock } from '@keywell/gateway/pipeline/clock';
import { WorkerHandle } from '@keywell/gateway/node/worker-handle';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';

let story: Story;
let cells: SharedArrayBuffer | null = null;

beforeEach(async () => {
  cells = null;
  story = await startStory({
    workers: 2,
    pool: { maxWaitMs: 10_000 },
    spawn: (birth, events) => {
      cells ??= birth.state.keyCells;
      return new WorkerHandle(birth, events);
    },
  });
});
afterEach(() => story.close());

/** That worker's part of the shared table. */
function openRow(worker: number): KeyTable {
  if (cells === null) throw new Error('no worker was started');
  return openKeyTable(planKeys(story.snapshot), cells, { worker, epoch: 1 });
}

/** Leaves these workers no place for one attempt more, as if so many were under way; call what is returned to end them. */
function fill(...workers: readonly number[]): () => void {
  const rows = workers.map(openRow);
  const before = rows.map((row) => row.cells.slice(row.leases, row.leases + LEASE_HEAD.cells));
  for (const row of rows) {
    row.cells[row.leases + LEASE_HEAD.top] = LEASES;
    row.cells[row.leases + LEASE_HEAD.free] = 0;
  }
  return () => {
    for (const [at, row] of rows.entries()) row.cells.set(before[at] ?? [], row.leases);
  };
}

const ask = (patienceMs: number, path = '/chat/completions'): Promise<Seen> =>
  postJson(
    {
      url: story.url,
      key: STORY_KEY,
      path,
      headers: {
        'keywell-max-wait-ms': String(patienceMs),
        ...(path === '/messages' ? { 'anthropic-version': '2023-06-01' } : {}),
      },
    },
    { model: 'smart', max_tokens: 5, messages: [{ role: 'user', content: 'hello' }] },
  );

const waiting = (): number => story.metric('keywell_requests_waiting');

describe('a worker that has as much under way as it can hold', () => {
  it('refuses in the caller’s dialect and says when to come again; no key is blamed, none is called', async () => {
    const free = fill(1, 2);
    const [chat, messages] = await Promise.all([ask(0), ask(0, '/messages')]);
    for (const seen of [chat, messages]) {
      expect(seen.status).toBe(503);
      expect(seen.headers['retry-after']).toBe('1');
      expect(seen.headers['x-should-retry']).toBeUndefined();
    }
    expect(JSON.parse(chat?.text ?? '')).toMatchObject({ error: { code: 'overloaded' } });
    expect(JSON.parse(messages?.text ?? '')).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining('at its capacity') },
    });
    expect(story.called()).toEqual({});
    expect(story.cooled).toEqual([]);
    free();
    expect((await ask(0)).status).toBe(200);
    expect(story.key('a')).toMatchObject({ state: 'ready', inFlight: 0 });
  });

  it('lets those wait who are willing to, and serves them once an attempt has ended', async () => {
    const free = fill(1, 2);
    const asked = Promise.all([ask(5000), ask(5000), ask(5000)]);
    await until(() => waiting() === 3, 'three to wait');
    free();
    expect((await asked).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(waiting()).toBe(0);
  });

  it('refuses whose patience ends as what it is, full, and not as keys that are dry', async () => {
    fill(1, 2);
    const seen = await ask(300);
    expect(seen.status).toBe(503);
    expect(JSON.parse(seen.text)).toMatchObject({ error: { code: 'overloaded' } });
    expect(story.metric('keywell_pool_exhausted_total')).toBe(0);
    expect(story.called()).toEqual({});
  });

  it('takes nothing out of the retry budget for an attempt that it has no room for', async () => {
    story.simulator.set({ fault: 'overloaded', count: 1, retryAfterMs: 300 });
    const asked = ask(0);
    const failed = (): boolean =>
      story.simulator.counts().total.calls === 1 &&
      story.node.keys().every(({ inFlight }) => inFlight === 0);
    await until(failed, 'the first attempt to fail');
    fill(1, 2);
    // Again and again: what a worker is just giving back is a place for one more.
    const full = setInterval(() => fill(1, 2), 2);
    const seen = await asked;
    clearInterval(full);
    expect(seen.status).toBe(503);
    expect(story.called()).toMatchObject({ a: 1 });
    const table = openRow(1);
    const pool = table.plan.pools.get('chat');
    if (pool === undefined) throw new Error('there is no pool');
    expect(retriesOf(table, pool, createClock().now())).toBe(0);
  });

  it('keeps no call of another worker waiting that has room', async () => {
    const free = fill(1);
    const first = Array.from({ length: 16 }, () => ask(8000));
    // Connections are spread by the system: some come to either worker.
    await until(() => waiting() > 0, 'some to wait at the full worker');
    let served = 0;
    const more = Array.from({ length: 16 }, async () => {
      const seen = await ask(8000);
      served += 1;
      return seen;
    });
    await until(() => served >= 2, 'calls of the other worker to be served', 3000);
    expect(waiting()).toBeGreaterThan(0);
    free();
    const all = await Promise.all([...first, ...more]);
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
