// What the benches' providers have in common: whole requests off a socket, and streams that tick, both at the least cost there is.
import { createServer, type Socket } from 'node:net';

export const HEAD_END = '\r\n\r\n';

/** Bytes of one request from the start of `data`; 0 while its head is not all there. */
function requestLength(data: Buffer): number {
  const headEnd = data.indexOf(HEAD_END);
  if (headEnd === -1) return 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(data.toString('latin1', 0, headEnd + 2));
  return headEnd + HEAD_END.length + Number(length?.[1] ?? 0);
}

/** Cuts what arrives into requests. A large one is put together once, when its last byte is here. */
class RequestReader {
  #parts: Buffer[] = [];
  #kept = 0;
  #wanted = 0;

  read(chunk: Buffer, onRequest: (request: Buffer) => void): void {
    this.#parts.push(chunk);
    this.#kept += chunk.length;
    if (this.#kept < this.#wanted) return;
    let data = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    this.#wanted = requestLength(data);
    while (this.#wanted > 0 && this.#wanted <= data.length) {
      onRequest(data.subarray(0, this.#wanted));
      data = data.subarray(this.#wanted);
      this.#wanted = requestLength(data);
    }
    this.#parts = data.length > 0 ? [data] : [];
    this.#kept = data.length;
  }
}

/** Serves until standard input ends; prints its port. */
export function serve(onRequest: (socket: Socket, request: Buffer) => void): void {
  const server = createServer({ noDelay: true }, (socket) => {
    const reader = new RequestReader();
    socket.on('data', (chunk: Buffer) =>
      reader.read(chunk, (request) => onRequest(socket, request)),
    );
    socket.on('error', () => socket.destroy());
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    process.stdout.write(`${address.port}\n`);
  });
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}

/** Text as one chunk of a chunked body. */
export function chunked(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
}

/** A stream under way: `step` writes its next piece and says whether there is another. */
export interface OpenStream {
  readonly socket: Socket;
  step(): boolean;
}

/** Every stream waits for the same time between its pieces, so that the one that waited longest is always first. */
export class PacedStreams {
  readonly #intervalMs: number;
  readonly #waiting: { readonly stream: OpenStream; readonly dueAt: number }[] = [];
  #first = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
    setInterval(() => this.#serve(), 2);
  }

  add(stream: OpenStream): void {
    this.#waiting.push({ stream, dueAt: performance.now() + this.#intervalMs });
  }

  #serve(): void {
    const now = performance.now();
    for (;;) {
      const next = this.#waiting[this.#first];
      if (next === undefined || next.dueAt > now) break;
      this.#first += 1;
      const { stream } = next;
      if (!stream.socket.destroyed && stream.step()) {
        this.#waiting.push({ stream, dueAt: now + this.#intervalMs });
      }
    }
    if (this.#first > 4096) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
