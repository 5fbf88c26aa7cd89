import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const PIECE = Buffer.alloc(64 * 1024, 0x20);

export interface BigUpload {
  readonly port: number;
  readonly key: string;
  readonly bytes: number;
  /** Announce the length, or send chunks. */
  readonly framing: 'length' | 'chunked';
  /** What the client does: stop at the first byte of an answer (as curl does), or send everything before it looks. */
  readonly client: 'listens' | 'sends_all';
}

/** Really sends a chat call with a body of that size, and returns whatever the gateway answered. */
export async function sendBigBody(upload: BigUpload): Promise<string> {
  const socket = connect({ port: upload.port, host: '127.0.0.1' });
  const answer: Buffer[] = [];
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
  });
  socket.on('error', () => undefined);
  if (upload.client === 'listens') socket.on('data', (chunk: Buffer) => answer.push(chunk));
  const framing =
    upload.framing === 'length' ? `content-length: ${upload.bytes}` : 'transfer-encoding: chunked';
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${upload.key}\r\n` +
      `content-type: application/json\r\n${framing}\r\n\r\n`,
  );
  const piece = upload.framing === 'length' ? PIECE : chunkOf(PIECE);
  for (
    let sent = 0;
    sent < upload.bytes && answer.length === 0 && socket.writable;
    sent += PIECE.length
  ) {
    if (!socket.write(piece)) await drained(socket, closed);
  }
  socket.end(upload.framing === 'chunked' && answer.length === 0 ? '0\r\n\r\n' : '');
  if (upload.client === 'sends_all') socket.on('data', (chunk: Buffer) => answer.push(chunk));
  await closed;
  return Buffer.concat(answer).toString('utf8');
}

function chunkOf(piece: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${piece.length.toString(16)}\r\n`),
    piece,
    Buffer.from('\r\n'),
  ]);
}

async function drained(socket: Socket, closed: Promise<void>): Promise<void> {
  const stop = new AbortController();
  const drain = once(socket, 'drain', { signal: stop.signal }).catch(() => undefined);
  await Promise.race([drain, closed]);
  stop.abort();
}
