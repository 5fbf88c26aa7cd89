import { describe, expect, it } from 'vitest';
import { initKeyTable, openKeyTable } from './key-table.ts';
import { planKeys } from './plan.ts';
import { BLOCK, LEARNED, LIMIT, type TableLayout } from './table-layout.ts';
import { keyOf, openTable, planOf, poolOf, providerOf, targetOf } from './table-fixture.bench.ts';

const tree = [
  keyOf('a', { domain: ['org-1', 'project-a'] }),
  keyOf('b', { domain: ['org-1', 'project-b'], weight: 3 }),
  keyOf('c'),
];

const idsOf = (plan: ReturnType<typeof planKeys>, scopes: Iterable<number>): readonly string[] =>
  [...scopes].map((scope) => plan.scopes[scope]?.id ?? '?');

describe('planKeys', () => {
  it('names everything that binds a candidate: key, domain tree, groups, endpoint, egress', () => {
    const plan = planOf(...tree);
    expect(idsOf(plan, plan.candidates[0]?.scopes ?? [])).toEqual([
      'key:openai/a',
      'key_group:openai/a#gpt-5',
      'node:openai/org-1',
      'node:openai/org-1/project-a',
      'node_group:openai/org-1#gpt-5',
      'node_group:openai/org-1/project-a#gpt-5',
      'endpoint:openai',
      'endpoint_group:openai#gpt-5',
      'egress:openai',
    ]);
  });

  it('locks parents before children, and endpoints after all nodes', () => {
    const plan = planOf(...tree);
    for (const { locks, endpoint } of plan.candidates) {
      const order = [...locks, plan.nodes.length + endpoint];
      expect(order).toEqual(order.toSorted((left, right) => left - right));
      for (const [place, node] of locks.entries()) {
        expect(plan.nodes[node]?.parent ?? null).toBe(place === 0 ? null : locks[place - 1]);
      }
    }
  });

  it('gives a key without a domain one of its own, apart from a domain that bears its name', () => {
    const plan = planOf(
      keyOf('c'),
      keyOf('d', { domain: ['key:c'] }),
      keyOf('e', { domain: ['x/y'] }),
      keyOf('f', { domain: ['x', 'y'] }),
    );
    const domains = plan.candidates.map(({ domain }) => domain);
    expect(domains).toEqual(['openai/key:c', 'openai/key%3Ac', 'openai/x%2Fy', 'openai/x/y']);
    expect(new Set(plan.candidates.map(({ locks }) => locks.at(-1))).size).toBe(4);
  });

  it('shares a target’s weight among its keys by their own weights', () => {
    const plan = planKeys({
      providers: [providerOf('openai', tree)],
      pools: [
        poolOf('chat', [
          targetOf('openai', { weight: 10 }),
          targetOf('openai', { model: 'gpt-4', keys: ['c'] }),
        ]),
      ],
    });
    expect(plan.candidates.map(({ key, model, weight }) => [key.id, model, weight])).toEqual([
      ['a', 'gpt-5', 2],
      ['b', 'gpt-5', 6],
      ['c', 'gpt-5', 2],
      ['c', 'gpt-4', 1],
    ]);
    expect([...(plan.pools.get('chat')?.tiers[0]?.cumulative ?? [])]).toEqual([2, 8, 10, 11]);
  });

  it('leaves out keys whose models, weight or target do not fit, and says which models were not allowed', () => {
    const plan = planKeys({
      providers: [
        providerOf('openai', [
          keyOf('a', { models: ['gpt-4*'] }),
          keyOf('b', { models: ['gpt-*'] }),
          keyOf('idle', { weight: 0 }),
          keyOf('other'),
        ]),
      ],
      pools: [poolOf('chat', [targetOf('openai', { keys: ['a', 'b', 'idle'] }), targetOf('gone')])],
    });
    expect(plan.candidates.map(({ key }) => key.id)).toEqual(['b']);
    expect(plan.pools.get('chat')?.tiers[0]?.notAllowed).toEqual([
      { provider: 'openai', key: 'a' },
    ]);
    expect(plan.keys.map(({ key }) => key.id)).toEqual(['a', 'b', 'idle', 'other']);
  });

  it('computes the same plan in every thread, and another fingerprint for another layout', () => {
    const copy: typeof tree = structuredClone(tree);
    expect(planOf(...copy)).toEqual({ ...planOf(...tree), byteLength: expect.any(Function) });
    expect(planOf(...copy).fingerprint).toBe(planOf(...tree).fingerprint);
    expect(planOf(...tree.toReversed()).fingerprint).not.toBe(planOf(...tree).fingerprint);
  });

  it('takes at most 1 KB a key and limit group, all but the workers’ leases and journals counted', () => {
    const laidOut = (keys: number, groups: number): TableLayout => {
      const models = Array.from({ length: groups }, (_, index) => `model-${index}`);
      return planKeys({
        providers: [
          providerOf(
            'openai',
            Array.from({ length: keys }, (_, index) => keyOf(`k${index}`)),
          ),
        ],
        pools: [
          poolOf(
            'chat',
            models.map((model) => targetOf('openai', { model })),
          ),
        ],
      }).layout;
    };
    for (const groups of [1, 2, 4]) {
      const { fixedBytes, bytesPerWriter } = laidOut(1000, groups);
      const perGroup = fixedBytes / (1000 * groups);
      expect(perGroup).toBeGreaterThan(5 * 64);
      expect(perGroup).toBeLessThanOrEqual(1024);
      expect(bytesPerWriter).toBe(laidOut(1, groups).bytesPerWriter);
    }
  });

  it('has room for what is learned where a block’s second and later limits will lie', () => {
    expect(BLOCK.learned + LEARNED.cells).toBeLessThanOrEqual(BLOCK.cells);
    expect(BLOCK.learned).toBe(BLOCK.limits + LIMIT.cells);
  });

  it('plans nothing from nothing', () => {
    const plan = planKeys({ providers: [], pools: [poolOf('chat', [])] });
    expect(plan.candidates).toEqual([]);
    expect(openTable(plan).plan).toBe(plan);
  });
});

describe('openKeyTable', () => {
  it('refuses memory that is no table, a table of another plan, and a worker without a row', () => {
    const plan = planOf(...tree);
    const blank = new ArrayBuffer(plan.byteLength(2));
    expect(() => openKeyTable(plan, blank, { worker: 1, epoch: 1 })).toThrow('not a key table');
    initKeyTable(plan, blank);
    expect(() => openKeyTable(planOf(keyOf('x')), blank, { worker: 1, epoch: 1 })).toThrow(
      'not a key table',
    );
    expect(() => openKeyTable(plan, blank, { worker: 2, epoch: 1 })).toThrow('rows for 2');
    expect(() => initKeyTable(plan, new ArrayBuffer(plan.byteLength(2) - 8))).toThrow('takes');
  });
});
