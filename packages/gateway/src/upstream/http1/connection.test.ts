import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutboundControl } from '../../seam/outbound.ts';
import { Http1Outbound } from './http1-outbound.ts';

let server: Server;
let outbound: Http1Outbound;
const sockets = new Set<unknown>();

beforeEach(async () => {
  sockets.clear();
  server = createServer((request, response) => {
    sockets.add(request.socket);
    response.end('whole');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  outbound = new Http1Outbound();
});
afterEach(async () => {
  await outbound.close();
  server.close();
});

/** The body of one answer; `onData` may do with the call what it likes. */
function get(onData: (control: OutboundControl | null) => void): Promise<string> {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : null;
  const request = { path: '/', method: 'GET', headers: ['host', 'a'], body: null } as const;
  let control: OutboundControl | null = null;
  let text = '';
  return new Promise((resolve, reject) => {
    outbound.send(
      { ...request, origin: `http://127.0.0.1:${String(port)}`, connectTimeoutMs: 1000 },
      {
        onStart: (given) => (control = given),
        onHead: () => undefined,
        onData: (chunk) => {
          text += Buffer.from(chunk).toString('utf8');
          onData(control);
        },
        onEnd: () => resolve(text),
        onFail: (failure) => reject(new Error(failure)),
      },
    );
  });
}

describe('a connection', () => {
  it('that was paused in the last bytes of an answer is read again for the next call', async () => {
    expect(await get((control) => control?.pause())).toBe('whole');
    expect(await get(() => undefined)).toBe('whole');
    expect(sockets.size).toBe(1);
  });
});
