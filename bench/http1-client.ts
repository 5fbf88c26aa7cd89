import { connect, type Socket } from 'node:net';
import { sinceMark } from './dialects/time-mark.ts';

/** What the driver learns of one answer. */
export interface Answer {
  readonly status: number;
  readonly bodyBytes: number;
}

/** Where an answer's end is found. */
type Framing = { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' };

const HEAD_END = '\r\n\r\n';
const NOTHING: Buffer = Buffer.alloc(0);

function framingOf(head: string): Framing | null {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length !== null) return { kind: 'length', bytes: Number(length[1]) };
  return /\r\ntransfer-encoding: *chunked/i.test(head) ? { kind: 'chunked' } : null;
}

/** Index behind the last byte of a chunked body that starts at `from`; -1 when it is not all there. */
function endOfChunks(data: Buffer, from: number): number {
  for (let at = from; ;) {
    const lineEnd = data.indexOf('\r\n', at);
    if (lineEnd === -1) return -1;
    const size = Number.parseInt(data.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (at > data.length) return -1;
    if (size === 0) return at;
  }
}

/**
 * One keep-alive connection that sends the same request again and again: as little as HTTP/1.1 allows, because the driver shares
 * the machine with what it measures.
 */
export class CallConnection {
  readonly #socket: Socket;
  #data: Buffer = NOTHING;
  #onAnswer: (answer: Answer | null) => void = () => {};

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#onAnswer(null));
  }

  get open(): boolean {
    return !this.#socket.destroyed;
  }

  /** Sends the request; `then` is called once, with null when the connection ended without a whole answer. */
  send(request: Buffer, then: (answer: Answer | null) => void): void {
    this.#onAnswer = (answer) => {
      this.#onAnswer = () => {};
      then(answer);
    };
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#data = this.#data.length === 0 ? chunk : Buffer.concat([this.#data, chunk]);
    const headEnd = this.#data.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#data.toString('latin1', 0, headEnd + 2);
    const framing = framingOf(head);
    if (framing === null) {
      this.#socket.destroy();
      return;
    }
    const from = headEnd + HEAD_END.length;
    const end = framing.kind === 'length' ? from + framing.bytes : endOfChunks(this.#data, from);
    if (end === -1 || end > this.#data.length) return;
    this.#data = this.#data.subarray(end);
    this.#onAnswer({ status: Number(head.slice(9, 12)), bodyBytes: end - from });
  }
}

/** How one stream went. */
export interface StreamEnd {
  readonly status: number;
  readonly events: number;
  /** True when the last event came and the body ended as its framing says. */
  readonly whole: boolean;
  readonly firstEventMs: number;
  /** From when the provider wrote its first word, where that says when; NaN elsewhere. */
  readonly firstWordMs: number;
}

/** Takes the chunk framing off a body that arrives in pieces. */
class ChunkReader {
  /** True once the last chunk has arrived. */
  ended = false;
  #left = 0;
  #line = '';

  /** The body text in these bytes, without its framing. */
  read(data: Buffer): string {
    let text = '';
    for (let at = 0; at < data.length && !this.ended;) {
      if (this.#left > 0) {
        const take = Math.min(this.#left, data.length - at);
        text += data.toString('latin1', at, at + take);
        this.#left -= take;
        at += take;
      } else {
        at = this.#readSizeLine(data, at);
      }
    }
    return text;
  }

  /** A size line, with the line end of the chunk before it; returns where reading goes on. */
  #readSizeLine(data: Buffer, from: number): number {
    const lineEnd = data.indexOf('\n', from);
    this.#line += data.toString('latin1', from, lineEnd === -1 ? data.length : lineEnd).trim();
    if (lineEnd === -1) return data.length;
    if (this.#line !== '') {
      this.#left = Number.parseInt(this.#line, 16);
      this.ended = this.#left === 0;
    }
    this.#line = '';
    return lineEnd + 1;
  }
}

/** One stream: counts its events until it ends, whichever way that is. */
export class StreamConnection {
  readonly #socket: Socket;
  readonly #sentAt = performance.now();
  readonly #chunks = new ChunkReader();
  readonly #then: (end: StreamEnd) => void;
  readonly #endMark: string;
  #firstWordMs = Number.NaN;
  #head: Buffer | null = NOTHING;
  #status = 0;
  #events = 0;
  #firstEventMs = Number.NaN;
  #done = false;
  #tail = '';
  #told = false;

  /** `endMark` stands in the last event. */
  constructor(
    port: number,
    request: Buffer,
    then: (end: StreamEnd) => void,
    endMark: string = '[DONE]',
  ) {
    this.#then = then;
    this.#endMark = endMark;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('connect', () => this.#socket.write(request));
    this.#socket.on('data', (data: Buffer) => this.#receive(data));
    this.#socket.on('error', () => this.#end());
    this.#socket.on('close', () => this.#end());
  }

  close(): void {
    this.#socket.destroy();
  }

  #end(): void {
    if (this.#told) return;
    this.#told = true;
    this.#socket.destroy();
    this.#then({
      status: this.#status,
      events: this.#events,
      whole: this.#done && this.#chunks.ended,
      firstEventMs: this.#firstEventMs,
      firstWordMs: this.#firstWordMs,
    });
  }

  #receive(data: Buffer): void {
    const body = this.#head === null ? data : this.#receiveHead(this.#head, data);
    if (body === null) return;
    if (this.#status === 200) this.#count(this.#tail + this.#chunks.read(body));
    if (this.#status !== 200 || this.#chunks.ended) this.#end();
  }

  /** The bytes behind the head, or null while it is not all there. */
  #receiveHead(kept: Buffer, data: Buffer): Buffer | null {
    const all = kept.length === 0 ? data : Buffer.concat([kept, data]);
    const headEnd = all.indexOf(HEAD_END);
    if (headEnd === -1) {
      this.#head = all;
      return null;
    }
    this.#head = null;
    this.#status = Number(all.toString('latin1', 9, 12));
    return all.subarray(headEnd + HEAD_END.length);
  }

  #count(text: string): void {
    let at = 0;
    for (let next = text.indexOf('data: '); next !== -1; next = text.indexOf('data: ', at)) {
      if (this.#events === 0) this.#firstEventMs = performance.now() - this.#sentAt;
      this.#events += 1;
      at = next + 6;
    }
    if (Number.isNaN(this.#firstWordMs)) this.#firstWordMs = sinceMark(text) ?? Number.NaN;
    this.#done ||= text.includes(this.#endMark);
    // A marker may lie across two reads: keep what could be its beginning, and nothing that was counted.
    const longest = Math.max(5, this.#endMark.length - 1);
    this.#tail = text.slice(Math.max(at, text.length - longest));
  }
}
