import { FrameSplitter } from '@keywell/wire/bedrock-converse/event-stream';
import { MAX_EVENT_BYTES, type Frames } from './frames.ts';

const NOTHING = new Uint8Array(0);

/** Amazon's binary event stream: only providers speak it, so that what came is never handed on as it is. */
export class AwsFrames implements Frames {
  readonly #splitter = new FrameSplitter(MAX_EVENT_BYTES);

  push(chunk: Uint8Array): void {
    this.#splitter.push(chunk);
  }

  next(): boolean {
    return this.#splitter.next();
  }

  /** Half a frame is no event. */
  finish(): boolean {
    return false;
  }

  get name(): string {
    return this.#splitter.name;
  }

  get data(): string {
    return this.#splitter.text();
  }

  raw(): Uint8Array {
    return NOTHING;
  }

  get broken(): boolean {
    return this.#splitter.overflowed || this.#splitter.broken;
  }
}
