import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inFlightOf, openKeyTable, type KeyTable } from '@keywell/core/keys/key-table';
import { planKeys } from '@keywell/core/keys/plan';
import { lockRecord, unlockRecord } from '@keywell/core/keys/table-journal';
import { WorkerHandle } from '@keywell/gateway/node/worker-handle';
import type { ToWorker } from '@keywell/gateway/worker/messages';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';

const KEY = { id: 'a', value: 'sk-simulated-a' };

let story: Story;
let table: KeyTable;
let worker: WorkerHandle;
/** The tables of the snapshots so far, as the worker was told of them. */
let tables: SharedArrayBuffer[];

class OverheardWorker extends WorkerHandle {
  override tell(message: ToWorker): void {
    if (message.kind === 'publish') tables.push(message.state.keyCells);
    super.tell(message);
  }
}

/** A table of the one worker, as the main thread may open it too. */
function openTable(version: number): KeyTable {
  const cells = tables[version - 1];
  if (cells === undefined) throw new Error(`there was no snapshot ${version}`);
  return openKeyTable(planKeys(snapshotOf(version)), cells, { worker: 0, epoch: 1 });
}

beforeEach(async () => {
  tables = [];
  story = await startStory({
    keys: [KEY],
    spawn: (birth, events) => {
      tables.push(birth.state.keyCells);
      worker = new OverheardWorker(birth, events);
      return worker;
    },
  });
  table = openTable(1);
});
afterEach(() => story.close());

const snapshotOf = (weight: number) =>
  aSnapshot({
    version: weight,
    providers: [{ baseUrl: story.simulator.url, keys: [{ ...KEY, weight }] }],
  });

/** A call whose key turns out to be dry while somebody else holds the key's record. */
async function askWhileBusy(meanwhile: () => Promise<void>): Promise<Seen> {
  story.simulator.set({ fault: 'quota_exhausted' });
  story.simulator.set({ fault: 'slow_first_byte', waitMs: 100 });
  const asked = postJson(
    { url: story.url, key: STORY_KEY },
    { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
  );
  // Who has counted the call holds the record for a moment more.
  await until(() => inFlightOf(table, 0) === 1 && lockRecord(table, 0), 'the call under way');
  await meanwhile();
  const seen = await asked;
  expect(inFlightOf(table, 0)).toBe(1);
  expect(story.cooled).toEqual([]);
  unlockRecord(table, 0);
  return seen;
}

describe('a settlement that finds its record busy', () => {
  it('is made up for soon, whether or not another call comes', async () => {
    await askWhileBusy(() => Promise.resolve());
    await until(() => inFlightOf(table, 0) === 0, 'the place to be given back', 500);
    await until(() => story.cooled.length > 0, 'the cooldown to be told', 500);
    expect(story.cooled).toMatchObject([{ action: 'set', class: 'funds_exhausted' }]);
    expect(story.key('a').state).toBe('cooled');
  });

  it('is made up for in a table that was replaced meanwhile, and binds in the new one', async () => {
    await askWhileBusy(() => story.node.publish(snapshotOf(2)));
    await until(() => inFlightOf(table, 0) === 0, 'the place to be given back', 500);
    await until(() => story.cooled.length > 0, 'the cooldown to be told', 500);
    expect(story.node.version).toBe(2);
    expect(story.key('a').cooldowns).toMatchObject([{ class: 'funds_exhausted' }]);
  });
});

describe('a cooldown whose record is busy in the table that has come since', () => {
  it.each<[string, () => Promise<void>]>([
    ['as soon as the record is free', () => Promise.resolve()],
    [
      'also when the worker that told of it has died meanwhile',
      async () => {
        await worker.terminate();
        await until(() => story.events.length > 0, 'the worker’s end to be told');
      },
    ],
  ])('binds there %s', async (_when, meanwhile) => {
    story.simulator.set({ fault: 'quota_exhausted' });
    story.simulator.set({ fault: 'slow_first_byte', waitMs: 100 });
    const asked = postJson(
      { url: story.url, key: STORY_KEY },
      { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
    ).catch(() => null);
    await until(() => inFlightOf(table, 0) === 1, 'the call under way');
    await story.node.publish(snapshotOf(2));
    const next = openTable(2);
    expect(lockRecord(next, 0)).toBe(true);
    await until(() => story.cooled.length > 0, 'the cooldown to be told');
    await meanwhile();
    expect(story.key('a').cooldowns).toEqual([]);
    unlockRecord(next, 0);
    await until(() => story.key('a').cooldowns.length > 0, 'the cooldown to bind', 500);
    expect(story.key('a').cooldowns).toMatchObject([{ class: 'funds_exhausted' }]);
    await asked;
  });
});

describe('what a worker held of a record that is busy when it dies', () => {
  it('is given back as soon as the record is free', async () => {
    story.simulator.set({ fault: 'slow_first_byte', waitMs: 60_000 });
    const asked = postJson(
      { url: story.url, key: STORY_KEY },
      { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
    ).catch(() => null);
    await until(() => inFlightOf(table, 0) === 1 && lockRecord(table, 0), 'the call under way');
    await worker.terminate();
    expect(await asked).toBeNull();
    await until(() => story.events.length > 0, 'the worker’s end to be told');
    expect(story.key('a').inFlight).toBe(1);
    unlockRecord(table, 0);
    await until(() => story.key('a').inFlight === 0, 'the place to be given back', 500);
  });
});

describe('a call that finds what it needs held by a thread that was put aside', () => {
  const ask = (): Promise<Seen> =>
    postJson(
      { url: story.url, key: STORY_KEY },
      { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
    );

  it('waits for the key and is served', async () => {
    expect(lockRecord(table, 0)).toBe(true);
    const asked = ask();
    await until(() => story.metric('keywell_requests_in_flight') === 1, 'the call to be there');
    unlockRecord(table, 0);
    expect((await asked).status).toBe(200);
    expect(story.called()).toEqual({ a: 1 });
  });

  it('is told honestly when the key is never free', async () => {
    expect(lockRecord(table, 0)).toBe(true);
    expect((await ask()).status).toBe(503);
    unlockRecord(table, 0);
    expect(story.called()).toEqual({});
  });
});
