import type { Socket } from 'node:net';

/** Up to this size what is written is put together first, and leaves in one piece. */
const ONE_PIECE_BYTES = 16 * 1024;

/**
 * Pieces are put together here, whoever writes: a socket that can take them has them before `write` returns. Where one cannot, the memory
 * is left to it.
 */
let scratch = Buffer.allocUnsafeSlow(ONE_PIECE_BYTES);

/** Writes text and bytes that belong together to a socket in as few pieces as may be. */
export class SocketWriter {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** `head` and `tail` are latin1. False asks to stop until the socket has drained. */
  write(head: string, body: Uint8Array | string, tail: string): boolean {
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    const size = head.length + bytes + tail.length;
    if (size > ONE_PIECE_BYTES) return this.#writeApart(head, body, tail);
    const waits = this.#socket.writableLength > 0;
    const piece = waits ? Buffer.allocUnsafe(size) : scratch;
    piece.write(head, 0, 'latin1');
    if (typeof body === 'string') piece.write(body, head.length, 'utf8');
    else piece.set(body, head.length);
    if (tail !== '') piece.write(tail, head.length + bytes, 'latin1');
    const more = this.#socket.write(waits ? piece : piece.subarray(0, size));
    if (!waits && this.#socket.writableLength > 0) {
      scratch = Buffer.allocUnsafeSlow(ONE_PIECE_BYTES);
    }
    return more;
  }

  /** A large body is not copied; the kernel gathers the pieces. */
  #writeApart(head: string, body: Uint8Array | string, tail: string): boolean {
    const socket = this.#socket;
    socket.cork();
    if (head !== '') socket.write(head, 'latin1');
    let more = socket.write(body);
    if (tail !== '') more = socket.write(tail, 'latin1');
    socket.uncork();
    return more;
  }
}
