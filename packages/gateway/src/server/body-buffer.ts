/** Smaller bodies are put together from their pieces at their end. */
const LARGE = 256 * 1024;
/** More of them than this are put together as they come: each costs more than a few bytes hold. */
const MOST_PIECES = 64;
/** Memory for what was announced is taken when so much of it has come: an announcement alone costs nothing. */
const TRUSTED_SHARE = 4;

/**
 * Puts a request's body together as it comes. A large one lies in one piece of memory from early on, and what its first pieces held is
 * given back at once instead of at the next collection, so that it is never held twice.
 */
export class BodyBuffer {
  readonly #announced: number;
  #pieces: Buffer[] = [];
  #whole: Buffer | null = null;
  #bytes = 0;

  constructor(announcedBytes: number | null) {
    this.#announced = announcedBytes ?? 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a copy of a piece. */
  push(piece: Buffer): void {
    const bytes = this.#bytes + piece.length;
    if (this.#whole === null && bytes <= LARGE && this.#pieces.length < MOST_PIECES) {
      this.#pieces.push(Buffer.from(piece));
    } else {
      if (bytes > (this.#whole?.length ?? 0)) this.#grow(bytes);
      this.#whole?.set(piece, this.#bytes);
    }
    this.#bytes = bytes;
  }

  clear(): void {
    this.#pieces = [];
    this.#whole = null;
    this.#bytes = 0;
  }

  take(): Uint8Array {
    if (this.#whole !== null) return this.#whole.subarray(0, this.#bytes);
    const [only] = this.#pieces;
    if (this.#pieces.length === 1 && only !== undefined) return only;
    return Buffer.concat(this.#pieces, this.#bytes);
  }

  #grow(bytes: number): void {
    const announced = this.#announced >= bytes && this.#announced <= bytes * TRUSTED_SHARE;
    const former = this.#whole;
    this.#whole = Buffer.allocUnsafeSlow(announced ? this.#announced : bytes * 2);
    if (former !== null) {
      this.#whole.set(former.subarray(0, this.#bytes));
      giveBack(former);
      return;
    }
    let at = 0;
    for (const piece of this.#pieces) {
      const { length } = piece;
      this.#whole.set(piece, at);
      at += length;
      giveBack(piece);
    }
    this.#pieces = [];
  }
}

/** Frees the memory of what has been copied, unless it is part of what others share. */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (byteLength > 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) {
    buffer.transfer(0);
  }
}
