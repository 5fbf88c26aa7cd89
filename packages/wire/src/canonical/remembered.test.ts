import { describe, expect, it } from 'vitest';
import { remembered } from './remembered.ts';

function counted(most?: number) {
  const asked: string[] = [];
  const find = remembered((name) => {
    asked.push(name);
    return { name };
  }, most);
  return { asked, find };
}

describe('a function that remembers names', () => {
  it('works each name out once', () => {
    const { asked, find } = counted();
    expect([find('a'), find('b'), find('a')]).toEqual([
      { name: 'a' },
      { name: 'b' },
      { name: 'a' },
    ]);
    expect(asked).toEqual(['a', 'b']);
  });

  it('begins anew when it holds as many as it may', () => {
    const { asked, find } = counted(2);
    for (const name of ['a', 'b', 'c', 'c', 'a']) find(name);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });

  it('does not keep names that nobody gives a model', () => {
    const { asked, find } = counted();
    const long = 'x'.repeat(129);
    find(long);
    find(long);
    expect(asked).toHaveLength(2);
  });
});
