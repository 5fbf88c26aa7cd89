import { expect, it } from 'vitest';
import { passthroughPools } from '@keywell/core/snapshot/passthrough-pool';
import { UNKNOWN_CAPABILITIES, type TargetRecord } from '@keywell/core/snapshot/snapshot';
import { targetsWithoutPrice } from './targets-without-price.ts';

const target = (provider: string): TargetRecord => ({
  provider,
  model: 'm',
  weight: 1,
  keys: [],
  group: 'm',
  price: null,
  contextLength: null,
  capabilities: UNKNOWN_CAPABILITIES,
});
const pool = (id: string, ...providers: readonly string[]) => ({
  id,
  tiers: [{ targets: providers.map(target) }],
});

it('names a target without a price once, whatever pools it is in', () => {
  expect(targetsWithoutPrice([pool('a', 'one', 'two'), pool('b', 'two')])).toEqual([
    'one/m',
    'two/m',
  ]);
});

it('does not name what is passed through, so that an alert of prices can be over', () => {
  const open = passthroughPools([{ id: 'one', passthrough: ['/vector_stores'] }], []);
  expect(open).toHaveLength(1);
  expect(targetsWithoutPrice(open)).toEqual([]);
});
