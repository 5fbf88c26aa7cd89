import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutboundBody, OutboundControl } from '../../seam/outbound.ts';
import { Http1Outbound } from './http1-outbound.ts';

let server: Server;
let outbound: Http1Outbound;
const sockets = new Set<unknown>();

beforeEach(async () => {
  sockets.clear();
  server = createServer((request, response) => {
    sockets.add(request.socket);
    if (request.method === 'GET') response.end('whole');
    else request.pipe(response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  outbound = new Http1Outbound();
});
afterEach(async () => {
  await outbound.close();
  server.close();
});

const IGNORED = (): void => undefined;

/** The body of one answer, which to a body is the same; `onData` may do with the call what it likes. */
function call(
  body: OutboundBody | null,
  onData: (control: OutboundControl | null) => void = IGNORED,
): Promise<string> {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : null;
  const method = body === null ? 'GET' : 'POST';
  const request = { path: '/', method, headers: ['host', 'a'], body } as const;
  let control: OutboundControl | null = null;
  const chunks: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    outbound.send(
      { ...request, origin: `http://127.0.0.1:${String(port)}`, connectTimeoutMs: 1000 },
      {
        onStart: (given) => (control = given),
        onHead: () => undefined,
        onData: (chunk) => {
          chunks.push(chunk);
          onData(control);
        },
        onEnd: () => resolve(Buffer.concat(chunks).toString('utf8')),
        onFail: (failure) => reject(new Error(failure)),
      },
    );
  });
}

describe('a connection', () => {
  it('that was paused in the last bytes of an answer is read again for the next call', async () => {
    expect(await call(null, (control) => control?.pause())).toBe('whole');
    expect(await call(null)).toBe('whole');
    expect(sockets.size).toBe(1);
  });

  it.each([1, 30_000])(
    'sends text, bytes and pieces of bytes alike, %i times over',
    async (times) => {
      const text = 'Größe 🙂, '.repeat(times);
      const bytes = Buffer.from(text);
      expect(await call(text)).toBe(text);
      expect(await call(bytes)).toBe(text);
      expect(await call([bytes.subarray(0, 3), bytes.subarray(3)])).toBe(text);
      expect(sockets.size).toBe(1);
    },
  );
});
