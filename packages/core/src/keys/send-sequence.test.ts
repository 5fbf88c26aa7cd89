import { describe, expect, it } from 'vitest';
import { currentSendSequence, nextSendSequence, startSendSequence } from './send-sequence.ts';
import { HEADER } from './table-layout.ts';

describe('the send sequence', () => {
  it.each([0, 2 ** 31 - 3, 2 ** 32 - 3, 5 * 2 ** 31 - 3, 2 ** 40 + 2 ** 32 - 3])(
    'counts on without a gap from %d, over the edges of its cells',
    (start) => {
      const cells = new Int32Array(HEADER.cells);
      startSendSequence(cells, start);
      expect(currentSendSequence(cells)).toBe(start);
      for (let step = 1; step <= 6; step += 1) {
        expect(nextSendSequence(cells)).toBe(start + step);
        expect(currentSendSequence(cells)).toBe(start + step);
      }
    },
  );
});
