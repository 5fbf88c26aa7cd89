import type { PoolLimit } from '@keywell/core/waiting/pool-capacity';
import { smallTable } from '@keywell/core/waiting/waiting-fixture.bench';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { planKeys } from '@keywell/core/keys/plan';
import { reserve } from '@keywell/core/keys/reserve';
import { initKeyTable } from '@keywell/core/keys/key-table';
import { describe, expect, it } from 'vitest';
import { encodeSnapshot } from '../snapshot/encode-snapshot.ts';
import { INERT_INBOUND } from '../seam/inert-inbound.contract.ts';
import { openSnapshot, type LiveConsumer, type LiveModel } from '../snapshot/live-snapshot.ts';
import { Exchange } from '../pipeline/exchange.ts';
import { CallShare } from './call-share.ts';
import { ShareKeeper } from './share-keeper.ts';

/** A pool on one key whose window of a hundred requests a minute is half used. */
function begin(limit: Partial<PoolLimit> | null = {}) {
  const snapshot = aSnapshot({ consumers: [{ id: 'a' }, { id: 'b' }] });
  const plan = planKeys(snapshot);
  const keyCells = new SharedArrayBuffer(plan.byteLength(2));
  initKeyTable(plan, keyCells, 2);
  const live = openSnapshot(encodeSnapshot(snapshot), keyCells, { worker: 1, epoch: 1 });
  const model = live.models.get('smart');
  if (model === undefined) throw new Error('there is no model');
  let remaining = 100;
  const limits = (): PoolLimit[] => [
    {
      node: 'openai/org-a',
      group: 'gpt-5',
      dimension: 'requests_minute',
      limit: 100,
      remaining,
      refill: 'window',
      rate: 0,
      resetInMs: 40_000,
      source: 'header',
      ...limit,
    },
  ];
  const keeper = new ShareKeeper(smallTable(), () => (limit === null ? [] : limits()));
  const consumers = snapshot.consumers.map((record) => ({ record, mayCall: () => true }));
  return {
    live,
    model,
    keeper,
    consumers,
    use: (count: number): void => {
      remaining -= count;
    },
  };
}

type World = ReturnType<typeof begin>;

function pickIn({ live }: World) {
  const [candidate] = live.plan.candidates;
  const reservation = candidate === undefined ? null : reserve(live.table, candidate, 100);
  if (candidate === undefined || reservation === null) throw new Error('nothing to pick');
  return { candidate, reservation };
}

function callOf({ live, keeper }: World, consumer: LiveConsumer | undefined) {
  if (consumer === undefined) throw new Error('there is no such consumer');
  const exchange = new Exchange(INERT_INBOUND, live, { id: 'req_1', now: 0, wallNow: 0 });
  return { exchange, share: new CallShare(exchange, keeper, { consumer, tokens: 10 }) };
}

/** Claims until it is held back or the window is empty; how often that went well. */
function claimAll(world: World, consumer: LiveConsumer | undefined, model: LiveModel): number {
  for (let count = 0; count < 200; count += 1) {
    // Each look is at what is there now, and not at what was remembered.
    const now = 1000 + count * 200;
    const { share } = callOf(world, consumer);
    share.ask(model, now);
    let chosen = false;
    share.claim(model, now, () => {
      chosen = true;
      return null;
    });
    if (!chosen) return count;
    world.use(1);
  }
  return 200;
}

describe('a pool whose limits are known', () => {
  it('keeps from one consumer what another’s share is, and tells it until when', () => {
    const world = begin();
    const [a, b] = world.consumers;
    const { share: first } = callOf(world, b);
    for (let call = 0; call < 40; call += 1) first.ask(world.model, 0);
    let held: number | null = null;
    world.use(75);
    const { share } = callOf(world, a);
    for (let call = 0; call < 60 && held === null; call += 1) {
      share.claim(world.model, 100, () => pickIn(world));
      share.settle({ sent: true, tokens: 10 });
      held = share.heldUntil;
    }
    expect(held).toBe(40_100);
  });

  it('gives back what was claimed and not used', () => {
    const world = begin();
    const [a] = world.consumers;
    const before = claimAll(world, a, world.model);
    // Nothing was chosen, so nothing was taken of the share, however often it was asked.
    expect(before).toBeGreaterThan(90);
  });

  it('tells a consumer the tighter of its own limit and its share', () => {
    const world = begin();
    const [a] = world.consumers;
    const { exchange, share } = callOf(world, a);
    exchange.ownLimit = { limit: 500, remaining: 499, resetMs: 10 };
    share.tell(world.model, 100);
    expect(exchange.limitHeaders).toEqual([
      'x-ratelimit-limit-requests',
      '100',
      'x-ratelimit-remaining-requests',
      '100',
      'x-ratelimit-reset-requests',
      '40000ms',
    ]);
    exchange.ownLimit = { limit: 5, remaining: 2, resetMs: 10.2 };
    share.tell(world.model, 100);
    expect(exchange.limitHeaders).toContain('11ms');
    expect(exchange.limitHeaders).toContain('5');
  });
});

describe('a pool of which nothing is known', () => {
  it('holds nothing back', () => {
    const world = begin(null);
    const [a] = world.consumers;
    expect(world.keeper.knows(world.live, world.model, 0)).toBe(false);
    expect(claimAll(world, a, world.model)).toBe(200);
  });
});

describe('what a pool has', () => {
  it('is as it was a moment ago, or as fresh as whoever asks wants it', () => {
    const world = begin({});
    const { keeper, live, model } = world;
    const left = (now: number, freshMs?: number) =>
      keeper.capacity(live, model, now, freshMs).requests?.remaining;
    const before = left(1000) ?? 0;
    world.use(7);
    expect(left(1020)).toBe(before);
    expect(left(1020, 1)).toBe(before - 7);
    world.use(1);
    expect(left(1021, 1)).toBe(before - 7);
    expect(left(1022, 1)).toBe(before - 8);
  });
});
