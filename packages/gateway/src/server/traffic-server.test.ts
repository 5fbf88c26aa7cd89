import { describe, expect, it } from 'vitest';
import { until } from '@keywell/testkit/until';
import type { BodyFailure, Inbound } from '../seam/inbound.ts';
import { answers, CHUNKED, echo, GET, LIMITS, listen, POST } from './traffic-server.contract.ts';

describe('requests on one connection', () => {
  it('are answered one after the other, wherever their bytes are cut', async () => {
    const all = `\r\n${POST}${CHUNKED}${GET}${POST}`;
    const { call: dial } = await listen(echo);
    for (let cut = 1; cut < all.length; cut += 1) {
      const caller = dial();
      caller.socket.write(all.slice(0, cut));
      // Each half in a read of its own.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      caller.socket.write(all.slice(cut));
      await until(() => answers(caller.text()).length === 4, 'four answers', 5000);
      expect(answers(caller.text())).toEqual(['<hello>', '<abcde>', '<>', '<hello>']);
      caller.socket.destroy();
    }
  }, 30_000);

  it('come byte by byte', async () => {
    const { call: dial } = await listen(echo);
    const caller = dial();
    for (const byte of POST + CHUNKED) {
      caller.socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await caller.got('<abcde>');
    expect(answers(caller.text())).toEqual(['<hello>', '<abcde>']);
  });

  it('wait for the one before them, however many there are', async () => {
    const { call: dial } = await listen(echo);
    const caller = dial();
    caller.socket.write(GET.repeat(5000));
    await until(() => answers(caller.text()).length === 5000, 'all answers', 10_000);
    expect(caller.text().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(5000);
  });

  it('are not read ahead without end while one is served', async () => {
    const waiting: Inbound[] = [];
    const { call: dial, settled } = await listen((inbound) => {
      waiting.push(inbound);
    });
    const caller = dial();
    caller.socket.write(GET);
    await until(() => waiting.length === 1, 'the call');
    const flood = Buffer.alloc(32 * 1024 * 1024, 'x');
    caller.socket.write(flood);
    await settled();
    // What was not taken waits at the caller: far more than this process and the kernel would hold.
    expect(caller.socket.bytesWritten - caller.socket.writableLength).toBeLessThan(
      24 * 1024 * 1024,
    );
    waiting[0]?.respond(200, [], '<done>');
    await caller.got('<done>');
    await caller.got(' 4');
    await caller.ended();
  });
});

describe('a body', () => {
  it('that is too large is refused before it is sent, and what still comes is thrown away', async () => {
    const failures: unknown[] = [];
    const { call: dial } = await listen(async (inbound) => {
      const body = await inbound.readBody({ maxBytes: 1000, idleTimeoutMs: 1000 });
      failures.push(body);
      inbound.respond(413, [], '<large>');
    });
    const announced = dial();
    announced.socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n');
    await announced.got('<large>');
    announced.socket.write(Buffer.alloc(3_000_000));
    await announced.ended();
    const unannounced = dial();
    unannounced.socket.write(
      'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n',
    );
    unannounced.socket.write(Buffer.alloc(0x800));
    await unannounced.got('<large>');
    unannounced.socket.write('\r\n0\r\n\r\n');
    await unannounced.ended();
    expect(failures).toEqual(['payload_too_large', 'payload_too_large']);
    expect(announced.text()).toContain('connection: close');
  });

  it('that stops coming is given up after its time, which each piece renews', async () => {
    let outcome: Uint8Array | BodyFailure | null = null;
    const {
      call: dial,
      pass,
      settled,
    } = await listen(async (inbound) => {
      outcome = await inbound.readBody(LIMITS);
      inbound.respond(408, [], '<late>');
    });
    const caller = dial();
    caller.socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab');
    await settled();
    pass(900);
    caller.socket.write('c');
    await settled();
    pass(900);
    expect(outcome).toBeNull();
    pass(200);
    await caller.got('<late>');
    expect(outcome).toBe('request_timeout');
  });

  it('whose caller leaves is no body', async () => {
    const seen: unknown[] = [];
    const { call: dial, settled } = await listen(async (inbound) => {
      seen.push(await inbound.readBody(LIMITS), inbound.closed);
    });
    const caller = dial();
    caller.socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab');
    await settled();
    caller.socket.destroy();
    await until(() => seen.length === 2, 'the end');
    expect(seen).toEqual(['caller_left', true]);
  });

  it('is asked for with 100-continue, once and only when it is read', async () => {
    const { call: dial } = await listen(async (inbound) => {
      if (inbound.target === '/refused') inbound.respond(401, [], '<no>');
      else await echo(inbound);
    });
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n`;
    const taken = dial();
    taken.socket.write(head('/taken'));
    await taken.got('HTTP/1.1 100 Continue\r\n\r\n');
    taken.socket.write('hello');
    await taken.got('<hello>');
    const refused = dial();
    refused.socket.write(head('/refused'));
    await refused.got('<no>');
    expect(refused.text()).not.toContain('100 Continue');
  });
});

describe('time', () => {
  it('runs out for a head that does not come to its end, and for a connection that says nothing', async () => {
    const { call: dial, pass, server, settled } = await listen(echo);
    const slow = dial();
    slow.socket.write('GET / HTTP/1.1\r\nHost:');
    const silent = dial();
    await until(() => server.connections === 2, 'both connections');
    await settled();
    pass(4900);
    slow.socket.write(' h');
    await settled();
    expect(slow.text() + silent.text()).toBe('');
    pass(200);
    await slow.got('HTTP/1.1 408 ');
    await silent.got('HTTP/1.1 408 ');
    await Promise.all([slow.ended(), silent.ended()]);
  });

  it('ends a connection between requests without a word', async () => {
    const { call: dial, pass } = await listen(echo);
    const caller = dial();
    caller.socket.write(GET);
    await caller.got('<>');
    const said = caller.text();
    pass(65_500);
    expect(caller.closed()).toBe(false);
    pass(600);
    await caller.ended();
    expect(caller.text()).toBe(said);
  });

  it('does not run while a request is served', async () => {
    const waiting: Inbound[] = [];
    const { call: dial, pass } = await listen((inbound) => {
      waiting.push(inbound);
    });
    const caller = dial();
    caller.socket.write(GET);
    await until(() => waiting.length === 1, 'the call');
    pass(1_000_000);
    waiting[0]?.respond(200, [], '<late>');
    await caller.got('<late>');
    expect(answers(caller.text())).toEqual(['<late>']);
  });
});

describe('a listener', () => {
  it('closes what is idle and nothing before its first request', async () => {
    const { call: dial, server } = await listen(echo);
    const used = dial();
    used.socket.write(GET);
    await used.got('<>');
    const fresh = dial();
    await until(() => server.connections === 2, 'both connections');
    server.draining = true;
    const closed = server.close();
    await used.ended();
    expect(fresh.closed()).toBe(false);
    fresh.socket.write(GET);
    await fresh.got('connection: close');
    await fresh.ended();
    await closed;
  });

  it('takes no more connections than it may', async () => {
    const { call: dial, server } = await listen(echo, { maxConnections: 2 });
    const first = dial();
    const second = dial();
    await until(() => server.connections === 2, 'two connections');
    const third = dial();
    await third.ended();
    first.socket.destroy();
    await until(() => server.connections === 1, 'one to leave');
    const fourth = dial();
    fourth.socket.write(GET);
    await fourth.got('<>');
    expect(second.closed()).toBe(false);
  });

  it.each([
    ['a head too long', `GET / HTTP/1.1\r\nX: ${'a'.repeat(20_000)}`, 431],
    ['lines that end in line feeds', 'GET / HTTP/1.1\nHost: h\n\n', 400],
    ['what cannot become a method', '\u0016\u0003\u0001', 400],
    [
      'a broken chunk',
      'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
  ])('refuses %s at once, and nothing after it is served', async (_name, bytes, status) => {
    const targets: string[] = [];
    const { call: dial } = await listen((inbound) => {
      targets.push(inbound.target);
      return echo(inbound);
    });
    const caller = dial();
    caller.socket.write(Buffer.from(bytes, 'latin1'));
    await caller.got(`HTTP/1.1 ${status} `);
    caller.socket.write(GET);
    await caller.ended();
    expect(targets).not.toContain('/c');
    expect(caller.text().match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});
