import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenWindow } from './token-window.ts';

describe('TokenWindow', () => {
  it('rations a share of the last minute’s tokens', () => {
    const window = new TokenWindow();
    expect(window.ration(1, 0.5, 0)).toBe(false);
    for (let second = 0; second < 10; second += 1) window.add(100, second * 1000);
    expect(window.average(9000)).toBe(100);
    expect(window.ration(100, 0.1, 9000)).toBe(true);
    expect(window.ration(1, 0.1, 9000)).toBe(false);
    expect(window.average(120_000)).toBe(0);
    expect(window.ration(1, 0.1, 120_000)).toBe(false);
  });

  it('never rations more than the share of any minute’s tokens that it has seen', () => {
    const step = fc.record({ waitMs: fc.nat(20_000), tokens: fc.nat(500), ration: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const window = new TokenWindow();
        const added: [number, number][] = [];
        const rationed: [number, number][] = [];
        let now = 0;
        for (const { waitMs, tokens, ration } of steps) {
          now += waitMs;
          window.add(tokens, now);
          added.push([now, tokens]);
          if (window.ration(ration, 0.2, now)) rationed.push([now, ration]);
          const since = (Math.floor(now / 1000) - 59) * 1000;
          const sum = (of: [number, number][]): number =>
            of.filter(([at]) => at >= since).reduce((total, [, each]) => total + each, 0);
          const last = rationed.at(-1)?.[0] === now ? sum(rationed) : 0;
          expect(last).toBeLessThanOrEqual(sum(added) * 0.2 + 1e-9);
        }
      }),
    );
  });
});
