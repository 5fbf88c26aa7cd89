import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventHeap } from './event-heap.ts';

it('events come out by time, those of one instant in the order they went in, between pushes too', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 9 }))), (steps) => {
      const heap = new EventHeap();
      const waiting: { readonly time: number; readonly subject: number }[] = [];
      for (const [subject, time] of steps.entries()) {
        if (time !== null) {
          heap.push(time, subject % 3, subject);
          waiting.push({ time, subject });
          continue;
        }
        const next = waiting.toSorted((a, b) => a.time - b.time || a.subject - b.subject)[0];
        expect(heap.nextAt).toBe(next?.time ?? Infinity);
        expect(heap.pop()).toBe(next !== undefined);
        if (next === undefined) continue;
        expect([heap.time, heap.kind, heap.subject]).toEqual([
          next.time,
          next.subject % 3,
          next.subject,
        ]);
        waiting.splice(waiting.indexOf(next), 1);
      }
      expect(heap.size).toBe(waiting.length);
    }),
  );
});
