import { bytesAt } from '../json/field-set.ts';

const SLOTS = 32;
const MAX_BYTES = 64;

interface Known {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/**
 * The names that came lately, by the bytes they were written with: few models are asked for again and again, and a comparison is
 * cheaper than to decode and check a name. Bounded, whatever is sent.
 */
export class RecentNames {
  readonly #slots: (Known | null)[] = Array.from({ length: SLOTS }, () => null);

  /** The name written with the bytes from `start` to `end`, null where it is not known. */
  recall(body: Uint8Array, start: number, end: number): string | null {
    const known = this.#slots[slotOf(body, start, end)] ?? null;
    if (known === null || known.bytes.length !== end - start) return null;
    return bytesAt(body, start, known.bytes) ? known.name : null;
  }

  remember(name: string, body: Uint8Array, start: number, end: number): void {
    if (end - start > MAX_BYTES) return;
    const bytes = new Uint8Array(body.subarray(start, end));
    this.#slots[slotOf(body, start, end)] = { bytes, name };
  }
}

function slotOf(body: Uint8Array, start: number, end: number): number {
  const middle = body[(start + end) >> 1] ?? 0;
  const last = body[end - 1] ?? 0;
  return (end - start + middle * 7 + last * 3) & (SLOTS - 1);
}
