/** Takes a body's pieces up to a bound; beyond it, it keeps what it has and says so. */
export class BodyCollector {
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  overflowed = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): void {
    if (this.overflowed) return;
    if (this.#bytes + chunk.byteLength > this.#maxBytes) {
      this.overflowed = true;
      this.#chunks.push(chunk.subarray(0, this.#maxBytes - this.#bytes));
      this.#bytes = this.#maxBytes;
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
  }

  bytes(): Uint8Array {
    const [only] = this.#chunks;
    if (this.#chunks.length === 1 && only !== undefined) return only;
    return Buffer.concat(this.#chunks, this.#bytes);
  }
}
