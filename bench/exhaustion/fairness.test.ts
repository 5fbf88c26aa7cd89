import { describe, expect, test } from 'vitest';
import { entitlements, jain } from './fairness.ts';

describe('max–min entitlements', () => {
  test('give small tenants all they ask for and share the rest', () => {
    expect(entitlements([0.1, 0.9, 0.9], [1, 1, 1], 1)).toEqual([0.1, 0.45, 0.45]);
  });

  test('follow the weights of those who ask for more than there is', () => {
    const given = entitlements([5, 5, 5], [70, 20, 10], 1);
    expect(given.map((each) => Math.round(each * 100))).toEqual([70, 20, 10]);
  });

  test('give nobody more than it asks for', () => {
    expect(entitlements([0.2, 0, 0.3], [1, 1, 1], 1)).toEqual([0.2, 0, 0.3]);
  });
});

test("Jain's index is 1 among equals and 1/n when one has everything", () => {
  expect(jain([2, 2, 2])).toBeCloseTo(1);
  expect(jain([1, 0, 0, 0])).toBeCloseTo(0.25);
});
