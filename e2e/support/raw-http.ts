import { connect, createServer, type Server, type Socket } from 'node:net';

/** Sends bytes and collects what comes back until the peer closes or the time is up: an answer too many would be seen, too. */
export function sendRaw(
  port: number,
  parts: readonly (string | Buffer)[],
  options: { readonly waitMs?: number; readonly end?: boolean; readonly gapMs?: number } = {},
): Promise<{ readonly text: string; readonly closed: boolean; readonly tookMs: number }> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const socket = connect({ port, host: '127.0.0.1' });
    const chunks: Buffer[] = [];
    let done = false;
    const finish = (closed: boolean): void => {
      if (done) return;
      done = true;
      socket.destroy();
      resolve({
        text: Buffer.concat(chunks).toString('latin1'),
        closed,
        tookMs: performance.now() - startedAt,
      });
    };
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', () => finish(true));
    socket.on('error', () => finish(true));
    socket.on('connect', () => void writeAll(socket, parts, options));
    setTimeout(() => finish(false), options.waitMs ?? 700);
  });
}

async function writeAll(
  socket: Socket,
  parts: readonly (string | Buffer)[],
  options: { readonly end?: boolean; readonly gapMs?: number },
): Promise<void> {
  for (const part of parts) {
    socket.write(part);
    if (options.gapMs !== undefined) {
      await new Promise((resolve) => {
        setTimeout(resolve, options.gapMs);
      });
    }
  }
  if (options.end === true) socket.end();
}

/** Status codes of all answers in a raw exchange, in order. */
export function statusesOf(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** A provider that records every byte it is sent and answers each complete call with the same completion. */
export interface RecordingUpstream {
  readonly url: string;
  /** All bytes received so far, one string a connection. */
  readonly received: () => readonly string[];
  clear(): void;
  close(): Promise<void>;
}

const BODY = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5-mini',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'ok' },
      finish_reason: 'stop',
      logprobs: null,
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

export function startRecordingUpstream(): Promise<RecordingUpstream> {
  const connections: { text: string }[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const connection = { text: '' };
    connections.push(connection);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let pending = '';
    socket.on('data', (chunk: Buffer) => {
      connection.text += chunk.toString('latin1');
      pending += chunk.toString('latin1');
      for (let size = requestSize(pending); size > 0; size = requestSize(pending)) {
        pending = pending.slice(size);
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
        );
      }
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({
        url: `http://127.0.0.1:${port}/v1`,
        received: () => connections.map(({ text }) => text).filter((text) => text !== ''),
        // Connections stay open and are used again; only what came on them is forgotten.
        clear: () => {
          for (const connection of connections) connection.text = '';
        },
        close: () =>
          new Promise((closed) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => closed());
          }),
      });
    });
  });
}

/** Bytes of the first whole request in the text; 0 while it is incomplete. */
function requestSize(text: string): number {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end));
  const size = end + 4 + Number(length?.[1] ?? 0);
  return text.length >= size ? size : 0;
}
