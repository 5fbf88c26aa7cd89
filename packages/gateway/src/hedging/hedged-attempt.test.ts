import { describe, expect, it } from 'vitest';
import type { AttemptResult } from '../relay/attempt-result.ts';
import { HedgedAttempt, type Racer } from './hedged-attempt.ts';

/** An attempt that answers only when it is told to, and remembers whether it was dropped. */
function slowRacer(): Racer & { dropped: boolean } {
  let end: (result: AttemptResult) => void = () => undefined;
  const ended = new Promise<AttemptResult>((resolve) => {
    end = resolve;
  });
  const racer = {
    dropped: false,
    run: () => ended,
    drop: () => {
      racer.dropped = true;
      end({ kind: 'dropped' });
    },
    callerLeft: () => end({ kind: 'left' }),
    callerReads: () => undefined,
  };
  return racer;
}

describe('a defect of our own while the second attempt is made', () => {
  const DEFECT = new Error('a defect');
  const defect = (): never => {
    throw DEFECT;
  };

  it.each(['chosen', 'started'])(
    'ends the race like one in the first, and not the thread in whose timer it is %s',
    async (when) => {
      const first = slowRacer();
      const race = new HedgedAttempt<string>({
        delayMs: 1,
        start: (pick) => (pick === 'first' ? first : defect()),
        second: () => (when === 'chosen' ? defect() : 'second'),
        won: () => undefined,
      });
      await expect(race.run('first')).rejects.toBe(DEFECT);
      expect(first.dropped).toBe(true);
    },
  );
});
