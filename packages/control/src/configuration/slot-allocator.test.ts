import { describe, expect, it } from 'vitest';
import { SlotAllocator } from './slot-allocator.ts';

describe('rows of the counter table', () => {
  it('stay with a consumer and are recycled under a new generation', () => {
    const slots = new SlotAllocator();
    expect(slots.slotOf('a')).toEqual({ slot: 0, generation: 1 });
    expect(slots.slotOf('b')).toEqual({ slot: 1, generation: 1 });
    slots.keepOnly(['b']);
    expect(slots.slotOf('b')).toEqual({ slot: 1, generation: 1 });
    expect(slots.slotOf('c')).toEqual({ slot: 0, generation: 2 });
    expect(slots.slotOf('a')).toEqual({ slot: 2, generation: 1 });
  });
});
