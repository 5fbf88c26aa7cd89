/**
 * What one bucket of a ring counted, in one whole number: how many requests were sent in it, and when. The fewer they are, the finer they
 * are known: up to three each by itself, to 14 or 27 ms; up to 28 by how many there were in each seventh of the bucket; of more the first
 * and the last seventh is known, and those between are taken to be spread evenly, with what chance does to that to spare. None is ever taken
 * to be earlier than it was, but of those that are spread. 0 is the empty bucket.
 */
export const BUCKET_MS = 852;
/** A bucket counts no further than this: more than 140,000 requests a minute are not told apart. */
export const MOST_IN_BUCKET = 2047;

/** Parts in which one, two or three requests are known each by itself. */
const FEW = 3;
const FEW_PARTS: readonly number[] = [1, 64, 64, 32];
const PARTS = 7;
/** Of more, a seventh counts up to four; what is more counts in the next one. */
const MOST_IN_PART = 4;
const LEVELS = MOST_IN_PART + 1;
/** What one request in a part adds to a number of levels. */
const ONE_IN: readonly number[] = Array.from({ length: PARTS + 1 }, (_, part) => LEVELS ** part);
/** Parts in which the first and the last of still more are known, and pairs of them. */
const ENDS = 8;
const PAIRS = (ENDS * (ENDS + 1)) / 2;

/** Where the states of each kind begin. */
const FIRST_OF_FEW = [0, 1, 1 + 64, 1 + 64 + 64 ** 2] as const;
const FIRST_LEVELS = FIRST_OF_FEW[FEW] + 32 ** 3;
const FIRST_ROUGH = FIRST_LEVELS + LEVELS ** PARTS;
/** Every bucket is less than this; three of them fit into the whole numbers of a double. */
export const BUCKET_STATES = FIRST_ROUGH + (MOST_IN_BUCKET - FEW) * PAIRS;

const fewParts = (count: number): number => FEW_PARTS[count] ?? PARTS;

/** Requests that a bucket has counted. */
export function countOf(state: number): number {
  if (state >= FIRST_ROUGH) return FEW + 1 + Math.floor((state - FIRST_ROUGH) / PAIRS);
  if (state >= FIRST_LEVELS) return sumOf(state - FIRST_LEVELS);
  if (state >= FIRST_OF_FEW[2]) return state < FIRST_OF_FEW[3] ? 2 : 3;
  return state === 0 ? 0 : 1;
}

/** Levels are summed four at a time. */
const FOUR = LEVELS ** 4;
const SUMS = Uint8Array.from({ length: FOUR }, (_, levels) => slowSumOf(levels));

function slowSumOf(levels: number): number {
  let sum = 0;
  for (let left = levels; left > 0; left = Math.floor(left / LEVELS)) sum += left % LEVELS;
  return sum;
}

const sumOf = (levels: number): number =>
  (SUMS[levels % FOUR] ?? 0) + (SUMS[(levels / FOUR) | 0] ?? 0);

/** Of few requests, the part of the one with this number, from 0; the first is in the lowest digit, and none is earlier than one before. */
function partOf(state: number, count: number, number: number): number {
  const among = fewParts(count);
  return Math.floor((state - (FIRST_OF_FEW[count] ?? 0)) / among ** number) % among;
}

const partAt = (offsetMs: number, among: number): number =>
  Math.min(among - 1, Math.max(0, Math.floor((offsetMs * among) / BUCKET_MS)));

/** A part among so many, as the one among others that is over no earlier. */
const partAmong = (part: number, before: number, among: number): number =>
  Math.ceil(((part + 1) * among) / before) - 1;

/** Parts of the few requests of a bucket that is being changed, in order. */
const few: number[] = [0, 0, 0, 0];

function readFew(state: number, count: number, among: number): void {
  for (let number = 0; number < count; number += 1) {
    few[number] = partAmong(partOf(state, count, number), fewParts(count), among);
  }
}

function insertFew(count: number, part: number): void {
  let place = count;
  for (; place > 0 && (few[place - 1] ?? 0) > part; place -= 1) few[place] = few[place - 1] ?? 0;
  few[place] = part;
}

function stateOfFew(count: number): number {
  let state = FIRST_OF_FEW[count] ?? 0;
  for (let number = 0; number < count; number += 1) {
    state += (few[number] ?? 0) * fewParts(count) ** number;
  }
  return state;
}

const oneIn = (part: number): number => ONE_IN[part] ?? 1;

const levelOf = (levels: number, part: number): number => ((levels / oneIn(part)) | 0) % LEVELS;

/**
 * The state with one more in a part, or in the next that has room. Of what was sent at once, and where none after it has room, the first
 * and the last are known from now on.
 */
function withLevel(levels: number, part: number): number {
  const first = firstLevel(levels);
  if (levelOf(levels, part) === MOST_IN_PART && first >= part - 1) {
    return roughState(
      sumOf(levels) + 1,
      endBefore(first),
      partAmong(lastLevel(levels), PARTS, ENDS),
    );
  }
  for (let place = part; place < PARTS; place += 1) {
    if (levelOf(levels, place) < MOST_IN_PART) return FIRST_LEVELS + levels + oneIn(place);
  }
  return roughState(sumOf(levels) + 1, endBefore(first), ENDS - 1);
}

/** The end in which a part begins. */
const endBefore = (part: number): number => Math.floor((part * ENDS) / PARTS);

function firstLevel(levels: number): number {
  let part = 0;
  while (part < PARTS - 1 && levelOf(levels, part) === 0) part += 1;
  return part;
}

function lastLevel(levels: number): number {
  let part = PARTS - 1;
  while (part > 0 && levelOf(levels, part) === 0) part -= 1;
  return part;
}

const pairOf = (state: number): number => (state - FIRST_ROUGH) % PAIRS;
const lastOfPair = (pair: number): number => Math.floor((Math.sqrt(8 * pair + 1) - 1) / 2);
const firstOfPair = (pair: number, last: number): number => pair - (last * (last + 1)) / 2;
const roughState = (count: number, first: number, last: number): number =>
  FIRST_ROUGH + (count - FEW - 1) * PAIRS + (last * (last + 1)) / 2 + first;

/** The bucket with one request more, sent so long after its beginning; a full one stays as it is. */
export function withRequest(state: number, offsetMs: number): number {
  const count = countOf(state);
  if (count >= MOST_IN_BUCKET) return state;
  if (state >= FIRST_ROUGH) {
    const part = partAt(offsetMs, ENDS);
    const last = lastOfPair(pairOf(state));
    const first = firstOfPair(pairOf(state), last);
    return roughState(count + 1, Math.min(first, part), Math.max(last, part));
  }
  if (state >= FIRST_LEVELS) return withLevel(state - FIRST_LEVELS, partAt(offsetMs, PARTS));
  const among = fewParts(count + 1);
  readFew(state, count, among);
  insertFew(count, partAt(offsetMs, among));
  return count < FEW ? stateOfFew(count + 1) : stateOfLevels();
}

/** One more than few: as many as these have room in one part. */
function stateOfLevels(): number {
  let state = FIRST_LEVELS;
  for (let number = 0; number <= FEW; number += 1) state += oneIn(few[number] ?? 0);
  return state;
}

/** The bucket without the request that was sent so long after its beginning; where it is not known apart, without one of them. */
export function withoutRequest(state: number, offsetMs: number): number {
  const count = countOf(state);
  if (count === 0) return state;
  if (count <= FEW) return withoutFew(state, count, offsetMs);
  if (state >= FIRST_ROUGH) {
    if (count > FEW + 1) return state - PAIRS;
    const last = lastOfPair(pairOf(state));
    const first = firstOfPair(pairOf(state), last);
    return fewOf(ENDS, [first, last, last]);
  }
  const left = state - oneIn(takenFrom(state - FIRST_LEVELS, partAt(offsetMs, PARTS)));
  if (count > FEW + 1) return left;
  const levels = left - FIRST_LEVELS;
  return fewOf(PARTS, [partIn(levels, 0), partIn(levels, 1), partIn(levels, 2)]);
}

/** Without the first one that is not earlier. */
function withoutFew(state: number, count: number, offsetMs: number): number {
  readFew(state, count, fewParts(count));
  const part = partAt(offsetMs, fewParts(count));
  let place = 0;
  while (place < count - 1 && (few[place] ?? 0) < part) place += 1;
  for (; place < count - 1; place += 1) few[place] = few[place + 1] ?? 0;
  for (let number = 0; number < count - 1; number += 1) {
    few[number] = partAmong(few[number] ?? 0, fewParts(count), fewParts(count - 1));
  }
  return stateOfFew(count - 1);
}

/** The first part that is not earlier and has one, or the last that has. */
function takenFrom(levels: number, part: number): number {
  for (let place = part; place < PARTS; place += 1) if (levelOf(levels, place) > 0) return place;
  let place = part;
  while (levelOf(levels, place) === 0) place -= 1;
  return place;
}

function fewOf(among: number, parts: readonly [number, number, number]): number {
  for (let number = 0; number < FEW; number += 1) {
    few[number] = partAmong(parts[number] ?? 0, among, fewParts(FEW));
  }
  return stateOfFew(FEW);
}

/** The part of the request with this number, from 0. */
function partIn(levels: number, number: number): number {
  let part = 0;
  let before = levelOf(levels, 0);
  while (before <= number && part < PARTS - 1) {
    part += 1;
    before += levelOf(levels, part);
  }
  return part;
}

/** By when, after the bucket's beginning, the request with this number, from 0, was sent: at its end for one that is not there. */
export function sentBy(state: number, number: number): number {
  const count = countOf(state);
  if (number >= count) return BUCKET_MS;
  if (state >= FIRST_ROUGH) return roughlySentBy(pairOf(state), count - 1, number);
  if (state >= FIRST_LEVELS) return endOf(partIn(state - FIRST_LEVELS, number), PARTS);
  return endOf(partOf(state, count, number), fewParts(count));
}

const endOf = (part: number, among: number): number => ((part + 1) * BUCKET_MS) / among;

/** Between two that are known, the others are off by less than this part of a standard deviation half of the time. */
const USUAL_ERROR = 2 / 3;

function roughlySentBy(pair: number, most: number, number: number): number {
  const last = lastOfPair(pair);
  const first = firstOfPair(pair, last);
  const spare = USUAL_ERROR * Math.sqrt((number * (most - number)) / most);
  return endOf(first + ((last - first) * Math.min(most, number + spare)) / most, ENDS);
}

/** What doubles may be off by. */
const ROUNDING_MS = 1e-4;

/** Requests of a bucket that were sent up to an instant after its beginning, as `sentBy` has it. */
export function sentUntil(state: number, offsetMs: number): number {
  if (state === 0) return 0;
  const until = offsetMs + ROUNDING_MS;
  if (until >= BUCKET_MS) return countOf(state);
  if (state >= FIRST_ROUGH) return roughlySentUntil(pairOf(state), countOf(state), until);
  if (state >= FIRST_LEVELS) {
    const over = Math.max(0, Math.floor((until * PARTS) / BUCKET_MS));
    return sumOf((state - FIRST_LEVELS) % oneIn(over));
  }
  const count = countOf(state);
  let sent = 0;
  while (sent < count && endOf(partOf(state, count, sent), fewParts(count)) <= until) sent += 1;
  return sent;
}

function roughlySentUntil(pair: number, count: number, until: number): number {
  let least = 0;
  let most = count;
  while (least < most) {
    const number = (least + most + 1) >> 1;
    if (roughlySentBy(pair, count - 1, number - 1) <= until) least = number;
    else most = number - 1;
  }
  return least;
}
