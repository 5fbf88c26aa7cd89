import { disableOnText, fixedCooldown, orderedList, randomKey } from './baselines.ts';
import { keywell } from './engine-strategy.ts';
import type { StrategyFactory } from './strategy.ts';

export interface NamedStrategy {
  readonly name: string;
  readonly title: string;
  readonly baseline: boolean;
  readonly factory: StrategyFactory;
}

/** What Keywell is called here. */
export const KEYWELL = 'keywell';

export const STRATEGIES: readonly NamedStrategy[] = [
  { name: KEYWELL, title: 'Keywell', baseline: false, factory: keywell },
  { name: 'ordered', title: 'ordered list', baseline: true, factory: orderedList },
  { name: 'random', title: 'random key', baseline: true, factory: randomKey },
  { name: 'cooldown', title: '5 s cooldown on 429', baseline: true, factory: fixedCooldown },
  { name: 'disable', title: 'disable on error text', baseline: true, factory: disableOnText },
];
