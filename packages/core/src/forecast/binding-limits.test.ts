import { describe, expect, it } from 'vitest';
import { bindingLimits, placeName, poolTree, type PoolMember } from './binding-limits.ts';

const member = (...parts: readonly string[]): PoolMember => ({
  provider: 'openai',
  domainPath: parts.map((_, depth) => ['openai', ...parts.slice(0, depth + 1)].join('/')),
  group: 'gpt-5',
});
const known = (left: Readonly<Record<string, number | null>>) => {
  const limits = new Map(
    Object.entries(left).map(([path, each]) => [placeName(path, 'gpt-5'), { path, left: each }]),
  );
  return (name: string) => limits.get(name);
};
const paths = (limits: readonly { readonly path: string }[]) => limits.map(({ path }) => path);

describe('what binds a pool', () => {
  const members = poolTree([member('org-1', 'a'), member('org-1', 'b'), member('org-2')]);

  it('is the organization where it has less left than its projects together', () => {
    const bound = bindingLimits(
      members,
      known({ 'openai/org-1': 10, 'openai/org-1/a': 6, 'openai/org-1/b': 6, 'openai/org-2': 5 }),
    );
    expect(paths(bound.limits)).toEqual(['openai/org-1', 'openai/org-2']);
    expect(bound.known).toBe(3);
  });

  it('is the projects where they have less left together', () => {
    const bound = bindingLimits(
      members,
      known({ 'openai/org-1': 10, 'openai/org-1/a': 3, 'openai/org-1/b': 6 }),
    );
    expect(paths(bound.limits)).toEqual(['openai/org-1/a', 'openai/org-1/b']);
    expect(bound.known).toBe(2);
  });

  it('is the organization where one of its projects tells nothing', () => {
    const bound = bindingLimits(members, known({ 'openai/org-1': 10, 'openai/org-1/a': 3 }));
    expect(paths(bound.limits)).toEqual(['openai/org-1']);
  });

  it('does not count what tells no number', () => {
    expect(bindingLimits(members, known({ 'openai/org-2': null }))).toEqual({
      limits: [],
      known: 0,
    });
  });
});
