import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../testkit/src/seeded-random.ts';
import {
  BUCKET_MS,
  BUCKET_STATES,
  countOf,
  MOST_IN_BUCKET,
  sentBy,
  sentUntil,
  withoutRequest,
  withRequest,
} from './passed-bucket.ts';

const bucketOf = (...offsets: readonly number[]): number => offsets.reduce(withRequest, 0);
const sentIn = (state: number): number[] =>
  Array.from({ length: countOf(state) }, (_, number) => Math.ceil(sentBy(state, number)));

describe('a bucket of requests in one number', () => {
  it('is 0 when it is empty', () => {
    expect(countOf(0)).toBe(0);
    expect(sentUntil(0, BUCKET_MS)).toBe(0);
    expect(withoutRequest(0, 100)).toBe(0);
  });

  it.each([
    ['one to 14 ms', [300], [14]],
    ['two to 14 ms', [300, 700], [14, 14]],
    ['three to 27 ms', [10, 300, 700], [27, 27, 27]],
    ['five to a seventh', [10, 200, 400, 600, 800], [122, 122, 122, 122, 122]],
  ])('knows %s, and none too early', (_, offsets, within) => {
    const known = sentIn(bucketOf(...offsets));
    for (const [place, offset] of offsets.entries()) {
      expect(known[place]).toBeGreaterThanOrEqual(offset);
      expect(known[place]).toBeLessThanOrEqual(offset + (within[place] ?? 0) + 1);
    }
  });

  it('takes what is more than four in a seventh to have been sent in the next one', () => {
    const state = bucketOf(10, 200, 400, 401, 402, 403, 404);
    expect(sentIn(state).map((at) => Math.floor(at / (BUCKET_MS / 7)))).toEqual([
      1, 2, 4, 4, 4, 4, 5,
    ]);
  });

  it('knows the first and the last of what was sent at once', () => {
    const state = bucketOf(...Array.from({ length: 40 }, () => 400));
    expect(countOf(state)).toBe(40);
    expect(sentBy(state, 0)).toBeGreaterThanOrEqual(400);
    expect(sentBy(state, 39)).toBeLessThanOrEqual(400 + 240);
  });

  it('counts no further than it can', () => {
    let state = 0;
    for (let sent = 0; sent < 5000; sent += 1) state = withRequest(state, (sent * 7) % BUCKET_MS);
    expect(countOf(state)).toBe(MOST_IN_BUCKET);
    expect(state).toBeLessThan(BUCKET_STATES);
    expect(BUCKET_STATES ** 3).toBeLessThan(2 ** 53);
  });

  it.each([1, 2, 3, 4, 5, 6])('counts whatever comes and is taken back, seed %i', (seed) => {
    const random = seededRandom(seed);
    for (let round = 0; round < 400; round += 1) {
      const sent: number[] = [];
      let state = 0;
      const steps = Math.floor(random() * 60);
      for (let step = 0; step < steps; step += 1) {
        if (random() < 0.25 && sent.length > 0) {
          const [gone = 0] = sent.splice(Math.floor(random() * sent.length), 1);
          state = withoutRequest(state, gone);
        } else {
          // Some of them at once.
          const at = random() < 0.3 ? 500 : random() * BUCKET_MS;
          sent.push(at);
          state = withRequest(state, at);
        }
        expect(countOf(state)).toBe(sent.length);
        expect(Number.isInteger(state) && state >= 0 && state < BUCKET_STATES).toBe(true);
      }
      const known = sentIn(state);
      expect(known).toEqual(known.toSorted((a, b) => a - b));
      for (const [number, at] of known.entries()) {
        expect(sentUntil(state, at)).toBeGreaterThanOrEqual(number + 1);
        expect(sentUntil(state, Math.floor(sentBy(state, 0)) - 1)).toBe(0);
      }
    }
  });

  it.each([1, 2, 3])('takes none of a few to be earlier than it was, seed %i', (seed) => {
    const random = seededRandom(seed);
    for (let round = 0; round < 1000; round += 1) {
      const sent = Array.from({ length: 1 + Math.floor(random() * 8) }, () => random() * BUCKET_MS);
      const known = sentIn(bucketOf(...sent));
      for (const [number, at] of sent.toSorted((a, b) => a - b).entries()) {
        expect(known[number]).toBeGreaterThanOrEqual(Math.floor(at));
      }
    }
  });
});
