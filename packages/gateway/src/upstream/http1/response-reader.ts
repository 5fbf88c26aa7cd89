import { BodyReader, BROKEN, MORE } from '../../http1/body-reader.ts';
import { readResponseHead, type ResponseHead } from './response-head.ts';

/** What a response turns out to be, piece by piece. After `onWhole` or `onBroken` nothing follows. */
export interface ResponseEvents {
  onHead(head: ResponseHead): void;
  /** Bytes of the body. They lie in a buffer that is used again: copy what is kept. */
  onBody(bytes: Uint8Array): void;
  /** The response is whole; `surplus` when bytes follow that nobody asked for. */
  onWhole(surplus: boolean): void;
  /** The bytes are no sound response. */
  onBroken(): void;
}

/** A head may not be larger than this. */
const MAX_HEAD_BYTES = 32 * 1024;
/** Interim responses before the real one. */
const MAX_INTERIM = 8;
const NO_BYTES = Buffer.alloc(0);

type State = 'head' | 'body' | 'over';

/** Reads the responses of one connection, one after the other, however their bytes are cut. Never throws. */
export class ResponseReader {
  readonly #body = new BodyReader();
  #events: ResponseEvents | null = null;
  #state: State = 'over';
  /** An unfinished head or line, kept until the rest of it comes. */
  #rest: Buffer = NO_BYTES;
  #interim = 0;

  /** Makes ready for the response to the next request. */
  expect(events: ResponseEvents): void {
    this.#events = events;
    this.#state = 'head';
    this.#rest = NO_BYTES;
    this.#interim = 0;
  }

  /** True while a response is expected or under way. */
  get busy(): boolean {
    return this.#state !== 'over';
  }

  /** The connection ended. True when that is how the body was to end. */
  finish(): boolean {
    if (this.#state !== 'body' || !this.#body.endsWithConnection) return false;
    this.#whole(false);
    return true;
  }

  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, chunk]);
      this.#rest = NO_BYTES;
    }
    let position = 0;
    while (position < bytes.length) {
      const events = this.#events;
      if (events === null) return;
      const next =
        this.#state === 'head'
          ? this.#readHead(bytes, position, events)
          : this.#body.read(bytes, position, events);
      if (next === MORE) {
        // Copied: the chunk's buffer is used again for the next read.
        this.#rest = Buffer.from(bytes.subarray(position));
        return;
      }
      if (next === BROKEN) {
        this.#broken();
        return;
      }
      position = next;
      if (this.#state === 'body' && this.#body.over) this.#whole(position < bytes.length);
    }
  }

  #readHead(bytes: Buffer, position: number, events: ResponseEvents): number {
    const end = bytes.indexOf('\r\n\r\n', position, 'latin1');
    if (end === -1) {
      return bytes.length - position > MAX_HEAD_BYTES || !startsLikeHttp(bytes, position)
        ? BROKEN
        : MORE;
    }
    const head =
      end - position > MAX_HEAD_BYTES
        ? null
        : readResponseHead(bytes.toString('latin1', position, end));
    if (head === null || head.status === 101) return BROKEN;
    if (head.status < 200) {
      this.#interim += 1;
      return this.#interim > MAX_INTERIM ? BROKEN : end + 4;
    }
    this.#body.begin(head.framing, head.length);
    this.#state = 'body';
    events.onHead(head);
    return end + 4;
  }

  #whole(surplus: boolean): void {
    this.#state = 'over';
    const events = this.#events;
    this.#events = null;
    events?.onWhole(surplus);
  }

  #broken(): void {
    this.#state = 'over';
    const events = this.#events;
    this.#events = null;
    events?.onBroken();
  }
}

const HTTP = Buffer.from('HTTP/1.');

/** What cannot become a status line any more need not be waited for. */
function startsLikeHttp(bytes: Buffer, position: number): boolean {
  const length = Math.min(HTTP.length, bytes.length - position);
  return bytes.compare(HTTP, 0, length, position, position + length) === 0;
}
