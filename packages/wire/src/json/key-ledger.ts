import { BACKSLASH } from './bytes.ts';
import { bytesAt } from './field-set.ts';
import { unescape } from './unescape.ts';

/** What became of a key that was added. */
export const ADDED = 0;
export const DUPLICATE = 1;
export const TOO_MANY = 2;
export const TOO_MANY_IN_ALL = 4;
const COLLIDING = 3;

/** Up to this many keys an object is searched one by one. */
const FEW = 16;
const FIRST_TABLE = 64;
/** Hashes that are equal for different keys: 10,000 keys give 0.01 of them, so more than this is somebody's work. */
const MAX_FALSE_MATCHES = 64;
/** Steps in the table that one key may take on average, at a load of at most one half. */
const STEPS_PER_KEY = 16;
const STEPS_AHEAD = 1024;
/** Scratch larger than this is given back when a scan ends. */
const KEEP = 1 << 14;

/**
 * The keys of every open object of one scan, to find the one that comes twice. Objects close in the order they opened, so keys and
 * tables are stacks. Time stays linear whatever the keys are: who makes hashes collide is refused.
 */
export class KeyLedger {
  readonly #maxKeysInAll: number;
  #all = 0;
  readonly #maxKeys: number;
  #starts = new Int32Array(256);
  #ends = new Int32Array(256);
  #hashes = new Int32Array(256);
  #table = new Int32Array(0);
  readonly #firstKey: Int32Array;
  readonly #tableStart: Int32Array;
  readonly #tableSize: Int32Array;
  #level = -1;
  #top = 0;
  #tableTop = 0;
  #steps = 0;
  #falseMatches = 0;

  constructor(maxDepth: number, maxKeys: number, maxKeysInAll: number) {
    this.#maxKeys = maxKeys;
    this.#maxKeysInAll = maxKeysInAll;
    this.#firstKey = new Int32Array(maxDepth + 1);
    this.#tableStart = new Int32Array(maxDepth + 1);
    this.#tableSize = new Int32Array(maxDepth + 1);
  }

  /** Begins a scan: forgets everything, and gives scratch back that only a very large body needed. */
  reset(): void {
    this.#level = -1;
    this.#top = 0;
    this.#tableTop = 0;
    this.#steps = STEPS_AHEAD;
    this.#falseMatches = 0;
    this.#all = 0;
    if (this.#starts.length > KEEP) this.#resizeKeys(256);
    if (this.#table.length > KEEP * 4) this.#table = new Int32Array(0);
  }

  open(): void {
    const level = ++this.#level;
    this.#firstKey[level] = this.#top;
    this.#tableStart[level] = this.#tableTop;
    this.#tableSize[level] = 0;
  }

  close(): void {
    const level = this.#level--;
    this.#top = this.#firstKey[level] ?? 0;
    this.#tableTop = this.#tableStart[level] ?? 0;
  }

  /**
   * Adds a key of the innermost object: `hash` is taken over its bytes with escapes resolved.
   * @returns `ADDED`, or why the body is to be refused
   */
  add(body: Uint8Array, start: number, end: number, hash: number): number {
    const first = this.#firstKey[this.#level] ?? 0;
    const count = this.#top - first;
    if (count >= this.#maxKeys) return TOO_MANY;
    if (++this.#all > this.#maxKeysInAll) return TOO_MANY_IN_ALL;
    const verdict =
      count < FEW ? this.#search(body, start, end, hash) : this.#look(body, start, end, hash);
    if (verdict !== ADDED) return verdict;
    if (this.#top === this.#starts.length) this.#resizeKeys(this.#top * 2);
    this.#starts[this.#top] = start;
    this.#ends[this.#top] = end;
    this.#hashes[this.#top] = hash;
    this.#top++;
    return ADDED;
  }

  #search(body: Uint8Array, start: number, end: number, hash: number): number {
    const hashes = this.#hashes;
    for (let key = this.#firstKey[this.#level] ?? 0; key < this.#top; key++) {
      if (hashes[key] !== hash) continue;
      const verdict = this.#compare(body, start, end, key);
      if (verdict !== ADDED) return verdict;
    }
    return ADDED;
  }

  #look(body: Uint8Array, start: number, end: number, hash: number): number {
    const level = this.#level;
    const count = this.#top - (this.#firstKey[level] ?? 0);
    if ((this.#tableSize[level] ?? 0) < (count + 1) * 2) this.#grow(level);
    const table = this.#table;
    const tableStart = this.#tableStart[level] ?? 0;
    const mask = (this.#tableSize[level] ?? 0) - 1;
    this.#steps += STEPS_PER_KEY;
    let slot = hash & mask;
    for (;;) {
      const entry = table[tableStart + slot] ?? 0;
      if (entry === 0) break;
      if (this.#hashes[entry - 1] === hash) {
        const verdict = this.#compare(body, start, end, entry - 1);
        if (verdict !== ADDED) return verdict;
      }
      if (--this.#steps < 0) return COLLIDING;
      slot = (slot + 1) & mask;
    }
    table[tableStart + slot] = this.#top + 1;
    return ADDED;
  }

  /** Makes room for four times as many keys of the innermost object, whose table is always the last one. */
  #grow(level: number): void {
    const size = Math.max(FIRST_TABLE, (this.#tableSize[level] ?? 0) * 4);
    const start = this.#tableStart[level] ?? 0;
    if (start + size > this.#table.length) {
      const larger = new Int32Array(Math.max(start + size, this.#table.length * 2));
      larger.set(this.#table.subarray(0, start));
      this.#table = larger;
    }
    const table = this.#table;
    table.fill(0, start, start + size);
    this.#tableSize[level] = size;
    this.#tableTop = start + size;
    const mask = size - 1;
    for (let key = this.#firstKey[level] ?? 0; key < this.#top; key++) {
      let slot = (this.#hashes[key] ?? 0) & mask;
      while (table[start + slot] !== 0) {
        this.#steps--;
        slot = (slot + 1) & mask;
      }
      table[start + slot] = key + 1;
    }
  }

  /** Compares a key with an earlier one whose hash is the same. */
  #compare(body: Uint8Array, start: number, end: number, key: number): number {
    const one = plainKey(body, start, end);
    const other = plainKey(body, this.#starts[key] ?? 0, this.#ends[key] ?? 0);
    if (one.length === other.length && bytesAt(one, 0, other)) return DUPLICATE;
    return ++this.#falseMatches > MAX_FALSE_MATCHES ? COLLIDING : ADDED;
  }

  #resizeKeys(size: number): void {
    this.#starts = resized(this.#starts, size);
    this.#ends = resized(this.#ends, size);
    this.#hashes = resized(this.#hashes, size);
  }
}

function resized(array: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const result = new Int32Array(size);
  result.set(array.subarray(0, Math.min(size, array.length)));
  return result;
}

/** Only for keys whose hashes are equal: rare, so that it may allocate. */
function plainKey(body: Uint8Array, start: number, end: number): Uint8Array {
  const raw = body.subarray(start, end);
  if (!raw.includes(BACKSLASH)) return raw;
  const out = new Uint8Array(raw.length);
  return out.subarray(0, unescape(body, start, end, out));
}
