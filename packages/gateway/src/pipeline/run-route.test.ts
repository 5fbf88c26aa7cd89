import { describe, expect, it } from 'vitest';
import { bareExchange, barePlane } from './bare-plane.contract.ts';
import { refuse } from './refusal.ts';
import type { Phase } from './route.ts';
import { runRoute } from './run-route.ts';

/** What the ends of a request heard, in order. */
function heardAfter(phase: Phase): Promise<readonly string[]> {
  const heard: string[] = [];
  const { plane, live } = barePlane({ send: () => undefined, close: () => Promise.resolve() });
  return new Promise((resolve) => {
    runRoute(
      bareExchange(live),
      plane,
      { operation: 'unknown', method: 'GET', phases: [phase] },
      {
        answerRefusal: (_, { code }) => heard.push(code),
        onDefect: (error) => heard.push(String(error)),
        settle: () => resolve([...heard, 'settled']),
      },
    );
  });
}

describe('a request', () => {
  it.each([
    ['that is answered is settled', () => 'done', ['settled']],
    ['that is refused is told so first', () => refuse('bad_request'), ['bad_request', 'settled']],
    [
      'whose phase throws is a 500, and the defect is told',
      () => {
        throw new Error('broken');
      },
      ['Error: broken', 'internal_error', 'settled'],
    ],
    [
      'whose answer was settled before a defect came tells it too',
      (exchange) => {
        exchange.lateDefect = { error: new Error('late') };
        return Promise.resolve('done');
      },
      ['Error: late', 'settled'],
    ],
  ] satisfies readonly (readonly [string, Phase, readonly string[]])[])(
    '%s',
    async (_, phase, heard) => {
      expect(await heardAfter(phase)).toEqual(heard);
    },
  );
});
