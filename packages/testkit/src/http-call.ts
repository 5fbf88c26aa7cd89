import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

/** What a caller saw of an answer. */
export interface Seen {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Whether HTTP itself says that the answer is whole: the last chunk or the announced length was there. */
  readonly clean: boolean;
  /** From sending to the end. */
  readonly tookMs: number;
}

/** Where a call goes and with which key. */
export interface CallTarget {
  readonly url: string;
  readonly key: string;
  readonly path?: string;
  /** Beside those every call has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts JSON on a connection of its own and reads the answer to whatever end it has. */
export function postJson(target: CallTarget, body: unknown): Promise<Seen> {
  const text = JSON.stringify(body);
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const call = request(`${target.url}${target.path ?? '/chat/completions'}`, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${target.key}`,
        'content-length': Buffer.byteLength(text),
        ...target.headers,
      },
    });
    call.on('error', reject);
    call.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => undefined);
      response.on('close', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
          clean: response.complete,
          tookMs: performance.now() - startedAt,
        });
      });
    });
    call.end(text);
  });
}

/** A call on a bare socket, for callers that leave or do not read. `received` grows while the socket flows. */
export interface RawCall {
  readonly socket: Socket;
  readonly received: () => string;
}

/** Sends a call and reads on; nothing is parsed. */
export function callRaw(
  port: number,
  target: Pick<CallTarget, 'key' | 'path' | 'headers'>,
  body: unknown,
): RawCall {
  const text = JSON.stringify(body);
  const socket = connect({ port, host: '127.0.0.1' });
  let received = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  socket.write(
    `POST ${target.path ?? '/v1/chat/completions'} HTTP/1.1\r\nhost: 127.0.0.1\r\n` +
      `authorization: Bearer ${target.key}\r\ncontent-type: application/json\r\n` +
      Object.entries(target.headers ?? {})
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('') +
      `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  return { socket, received: () => received };
}
