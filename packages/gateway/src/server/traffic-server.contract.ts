/** A listener whose clock stands still, callers on bare sockets, and what they send. */
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { until } from '@keywell/testkit/until';
import { DeadlineSweeper } from '../pipeline/deadline-sweeper.ts';
import type { Inbound } from '../seam/inbound.ts';
import type { HeadProblem } from './head-guard.ts';
import { TrafficServer } from './traffic-server.ts';

type Serve = (inbound: Inbound, problem: HeadProblem | null) => void | Promise<void>;

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A listener whose clock stands still until it is told. */
export async function listen(serve: Serve, options: { readonly maxConnections?: number } = {}) {
  let now = 1000;
  const sweeper = new DeadlineSweeper(() => now);
  const server = new TrafficServer({
    sweeper,
    now: () => now,
    headersTimeoutMs: 5000,
    maxConnections: options.maxConnections ?? 100,
    slowReaderTimeoutMs: () => 300,
    onRequest: (inbound, problem) => {
      if (inbound.target === '/probe') inbound.respond(200, [], '<seen>');
      else void serve(inbound, problem);
    },
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0, shared: false });
  open.push(() => {
    server.destroyAll();
    void server.close();
    sweeper.stop();
  });
  return {
    server,
    call: () => call(port),
    /** Until what was written on other connections before has been read. */
    settled: async (): Promise<void> => {
      const probe = call(port);
      probe.socket.write('GET /probe HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(3));
      await until(() => answers(probe.text()).length === 3, 'the probe');
      probe.socket.destroy();
      await until(probe.closed, 'the probe to end');
    },
    pass: (ms: number): void => {
      now += ms;
      sweeper.sweep();
    },
  };
}

function call(port: number) {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let closed = false;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  open.push(() => socket.destroy());
  return {
    socket,
    text: () => text,
    closed: () => closed,
    got: (part: string) => until(() => text.includes(part), `${part} in the answer`),
    ended: () => until(() => closed, 'the connection to end'),
  };
}

export const LIMITS = { maxBytes: 1_000_000, idleTimeoutMs: 1000 };

/** Says what it was sent. */
export async function echo(inbound: Inbound): Promise<void> {
  const body = await inbound.readBody(LIMITS);
  const said = typeof body === 'string' ? body : Buffer.from(body).toString('latin1');
  inbound.respond(200, ['x-target', inbound.target], `<${said}>`);
}

export const POST = 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello';
export const CHUNKED =
  'POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: t\r\n\r\n';
export const GET = 'GET /c HTTP/1.1\r\nHost: h\r\n\r\n';
export const answers = (text: string): string[] => text.match(/<[^>]*>/g) ?? [];
