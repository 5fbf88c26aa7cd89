/** WebSockets as nobody should speak them, on bare sockets: each ends with a clear answer, and everybody else is served. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';
import { until } from '@keywell/testkit/until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const CREATED = JSON.stringify({ type: 'session.created' });

/** A provider that says hello and, when told to, does not stop. */
let provider: WebSocketServer;
let heard = 0;
let story: Story;

beforeAll(async () => {
  provider = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  provider.on('connection', (socket) => {
    socket.send(CREATED);
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      heard += 1;
      if (data.toString() === 'flood') flood(socket);
    });
  });
  await once(provider, 'listening');
  const address = provider.address();
  const port = typeof address === 'object' ? address?.port : 0;
  story = await startStory({
    providers: () => [{ baseUrl: `http://127.0.0.1:${port}/v1`, keys: [{ id: 'a' }] }],
    traffic: { slowReaderTimeoutMs: 600, maxConnections: 1500 },
  });
});
afterAll(async () => {
  await story.close();
  for (const client of provider.clients) client.terminate();
  provider.close();
});

function flood(socket: WebSocket): void {
  const piece = Buffer.alloc(256 * 1024, 0x61);
  const more = (): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(piece, more);
  };
  more();
}

const head = (lines: readonly string[], start = 'GET /v1/realtime?model=smart HTTP/1.1'): string =>
  [start, 'host: x', ...lines, '', ''].join('\r\n');
const UPGRADE = ['connection: Upgrade', 'upgrade: websocket'];
const GOOD = [
  ...UPGRADE,
  'sec-websocket-version: 13',
  `sec-websocket-key: ${KEY}`,
  `authorization: Bearer ${consumerKey(0)}`,
];

/** A bare socket and what came on it. */
class Bare {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  closed = false;

  constructor() {
    this.socket = connect({ port: story.port, host: '127.0.0.1' });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.text)?.[1] ?? 0);
  }

  /** A session that has begun. */
  static async session(): Promise<Bare> {
    const bare = new Bare();
    bare.socket.write(head(GOOD));
    await until(() => bare.status !== 0, 'an answer', 3000);
    await until(() => bare.text.includes('session.created'), 'the session', 3000);
    bare.received = Buffer.alloc(0);
    return bare;
  }

  /** The code of the close frame at the end; null where there is none. */
  get closeCode(): number | null {
    const at = this.received.lastIndexOf(0x88);
    return at < 0 || at + 4 > this.received.length ? null : this.received.readUInt16BE(at + 2);
  }

  ended(withinMs = 5000): Promise<boolean> {
    return until(() => this.closed, 'the connection to end', withinMs);
  }
}

/** A frame as a client sends it, masked with zeros; longer lengths may be lies. */
function frame(first: number, payload: Buffer | string = '', lie?: bigint): Buffer {
  const body = Buffer.from(payload);
  const mask = Buffer.alloc(4);
  if (lie !== undefined || body.length > 0xffff) {
    const start = Buffer.alloc(10);
    start.writeUInt16BE((first << 8) | 0x80 | 127, 0);
    start.writeBigUInt64BE(lie ?? BigInt(body.length), 2);
    return Buffer.concat([start, mask, body]);
  }
  if (body.length < 126)
    return Buffer.concat([Buffer.from([first, 0x80 | body.length]), mask, body]);
  const start = Buffer.alloc(4);
  start.writeUInt16BE((first << 8) | 0x80 | 126, 0);
  start.writeUInt16BE(body.length, 2);
  return Buffer.concat([start, mask, body]);
}

async function nobodyIsLeft(): Promise<void> {
  await until(() => provider.clients.size === 0, 'the provider to be left', 5000);
  await story.quiet();
  expect(story.events.filter(({ kind }) => kind === 'defect')).toEqual([]);
}

describe('a handshake', () => {
  const without = (name: string): string[] => GOOD.filter((line) => !line.startsWith(name));
  it.each([
    [
      'of another version',
      [...without('sec-websocket-version'), 'sec-websocket-version: 12'],
      [400, 426],
    ],
    ['without a version', without('sec-websocket-version'), [400, 426]],
    ['without a nonce', without('sec-websocket-key'), [400]],
    ['with half a nonce', [...without('sec-websocket-key'), 'sec-websocket-key: abc'], [400]],
    ['without a key', without('authorization'), [401]],
    ['with a key that is none', [...without('authorization'), 'authorization: Bearer kw_x'], [401]],
    ['with two keys', [...GOOD, `authorization: Bearer ${consumerKey(1)}`], [400, 401]],
    ['to another protocol', [...without('upgrade'), 'upgrade: h2c'], [400, 426]],
  ])('%s is refused, and nobody is asked', async (_, lines, statuses) => {
    const bare = new Bare();
    bare.socket.write(head(lines));
    await until(() => bare.status !== 0, 'an answer');
    expect(statuses).toContain(bare.status);
    bare.socket.destroy();
    expect(provider.clients.size).toBe(0);
  });

  it.each([
    ['another method', 'POST /v1/realtime?model=smart HTTP/1.1'],
    ['a path that only leads there', 'GET /v1/realtime/../realtime?model=smart HTTP/1.1'],
    ['another path', 'GET /v1/chat/completions HTTP/1.1'],
    ['another version of HTTP', 'GET /v1/realtime?model=smart HTTP/1.0'],
    ['a model of 10,000 letters', `GET /v1/realtime?model=${'x'.repeat(10_000)} HTTP/1.1`],
    ['a model of two lines', 'GET /v1/realtime?model=%00%0d%0a HTTP/1.1'],
  ])('with %s is refused', async (_, start) => {
    const bare = new Bare();
    bare.socket.write(head(GOOD, start));
    await until(() => bare.status !== 0, 'an answer');
    expect(bare.status).toBeGreaterThanOrEqual(400);
    expect(bare.status).toBeLessThan(500);
    bare.socket.destroy();
    expect(provider.clients.size).toBe(0);
  });

  it('that a thousand others have begun and not ended is answered all the same', async () => {
    const half = Array.from({ length: 1000 }, () => new Bare());
    for (const { socket } of half)
      socket.write('GET /v1/realtime?model=smart HTTP/1.1\r\nhost: x\r\n');
    await until(() => half.every(({ socket }) => !socket.connecting), 'all to be there', 10_000);
    const session = await Bare.session();
    session.socket.write(frame(0x88, Buffer.from([0x03, 0xe8])));
    await session.ended();
    expect(session.closeCode).toBe(1000);
    for (const { socket } of half) socket.destroy();
    await nobodyIsLeft();
  }, 30_000);
});

describe('a frame', () => {
  it.each([
    ['without a mask', Buffer.from([0x81, 1, 0x61]), 1002],
    ['with a bit that is reserved', frame(0xc1, 'a'), 1002],
    ['of a kind that there is not', frame(0x83, 'a'), 1002],
    ['that says it is 2⁶³ bytes', frame(0x82, '', 1n << 63n), 1009],
    ['that says it is 17 MB', frame(0x82, '', 17n << 20n), 1009],
    ['of text that is no UTF-8', frame(0x81, Buffer.from([0xff, 0xfe])), 1007],
    ['that goes on with what had not begun', frame(0x80, 'a'), 1002],
    [
      'that begins while another goes on',
      Buffer.concat([frame(0x01, 'a'), frame(0x81, 'b')]),
      1002,
    ],
    ['that pings with too much', frame(0x89, 'a'.repeat(126)), 1002],
    ['that pings in pieces', frame(0x09, 'a'), 1002],
    ['that closes with half a code', frame(0x88, Buffer.from([3])), 1002],
    ['that closes with a code that nobody may send', frame(0x88, Buffer.from([0x03, 0xed])), 1002],
    ['that closes with a reason that is no UTF-8', frame(0x88, Buffer.from([3, 0xe8, 0xff])), 1007],
  ])('%s ends the session, with the code that says why', async (_, bytes, code) => {
    const session = await Bare.session();
    const before = heard;
    session.socket.write(bytes);
    await session.ended();
    expect(session.closeCode).toBe(code);
    expect(heard).toBe(before);
    await nobodyIsLeft();
  });

  it('in a hundred thousand pieces ends the session, and is kept by nobody', async () => {
    const session = await Bare.session();
    const before = process.memoryUsage().arrayBuffers;
    const start = heard;
    const pieces = Array.from({ length: 100_000 }, () => frame(0x00, 'a'));
    session.socket.write(Buffer.concat([frame(0x01, 'a'), ...pieces]));
    session.socket.write(frame(0x80, 'a'));
    await session.ended(10_000);
    expect(session.closeCode).toBe(1008);
    expect(heard).toBe(start);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    session.socket.destroy();
    await nobodyIsLeft();
  }, 20_000);

  it('that pings, ten thousand times, ends the session, and nothing of it reaches the provider', async () => {
    const session = await Bare.session();
    const before = heard;
    session.socket.write(Buffer.concat(Array.from({ length: 10_000 }, () => frame(0x89, 'p'))));
    await session.ended();
    await nobodyIsLeft();
    expect(heard).toBe(before);
  });
});

describe('a caller who never reads', () => {
  it('is cut, and the provider is not read any further for it', async () => {
    const session = await Bare.session();
    session.socket.pause();
    const before = process.memoryUsage().rss;
    session.socket.write(frame(0x81, 'flood'));
    await until(() => provider.clients.size === 0, 'the provider to be left', 15_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    session.socket.destroy();
    await nobodyIsLeft();
    expect((await story.records()).at(-1)).toMatchObject({ operation: 'realtime', status: 499 });
  }, 30_000);
});
