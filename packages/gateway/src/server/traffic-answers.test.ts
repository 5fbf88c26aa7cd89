import { describe, expect, it } from 'vitest';
import { until } from '@keywell/testkit/until';
import type { Inbound } from '../seam/inbound.ts';
import { answers, GET, listen } from './traffic-server.contract.ts';

describe('an answer', () => {
  it.each([
    ['HTTP/1.1', 'transfer-encoding: chunked', '3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n', false],
    ['HTTP/1.0', 'connection: close', 'onetwo', true],
  ])('in pieces ends in the way that %s knows', async (version, header, body, closes) => {
    const { call: dial } = await listen((inbound) => {
      inbound.begin(200, ['content-type', 'text/plain']);
      inbound.write('one');
      inbound.write('');
      inbound.write(Buffer.from('two'));
      inbound.finish();
    });
    const caller = dial();
    caller.socket.write(`GET / ${version}\r\nHost: h\r\n\r\n`);
    await caller.got('two');
    if (closes) await caller.ended();
    else await caller.got('\r\n0\r\n\r\n');
    expect(caller.text()).toContain(header);
    expect(caller.text().split('\r\n\r\n').slice(1).join('\r\n\r\n')).toBe(body);
  });

  it('to HEAD, and one with status 204, has no body', async () => {
    const { call: dial } = await listen((inbound) => {
      inbound.respond(
        inbound.method === 'HEAD' ? 200 : 204,
        [],
        inbound.method === 'HEAD' ? 'body' : '',
      );
    });
    const caller = dial();
    caller.socket.write('HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await caller.got('HTTP/1.1 204');
    await until(() => caller.text().endsWith('\r\n\r\n'), 'the end');
    expect(caller.text()).toContain('content-length: 4\r\n');
    expect(caller.text()).not.toContain('body');
    expect(caller.text().split('HTTP/1.1 204')[1]).not.toContain('content-length');
  });

  it('of any size comes whole: in one piece, apart, and to who reads late', async () => {
    const sizes = [1, 15_000, 16_384, 100_000, 5_000_000];
    const { call: dial, settled } = await listen((inbound) => {
      const size = Number(inbound.target.slice(1));
      inbound.respond(200, [], Buffer.alloc(size, 'x'));
    });
    const caller = dial();
    caller.socket.pause();
    for (const size of sizes) caller.socket.write(`GET /${size} HTTP/1.1\r\nHost: h\r\n\r\n`);
    await settled();
    caller.socket.resume();
    const all = sizes.reduce((sum, size) => sum + size, 0);
    await until(() => (caller.text().match(/x/g) ?? []).length === all, 'all of it', 10_000);
    expect(caller.text().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(sizes.length);
  }, 20_000);

  it('asks to stop when the caller does not read, and says when it reads again', async () => {
    let written = 0;
    let drained = 0;
    const { call: dial, settled } = await listen((inbound) => {
      inbound.begin(200, []);
      inbound.events = {
        onCallerLeft: () => undefined,
        onDrain: () => {
          drained += 1;
          inbound.finish();
        },
      };
      const piece = Buffer.alloc(10_000, 'x');
      while (inbound.write(piece)) written += piece.length;
      written += piece.length;
    });
    const caller = dial();
    caller.socket.pause();
    caller.socket.write(GET);
    await until(() => written > 0, 'the answer to fill the way');
    await settled();
    expect(drained).toBe(0);
    caller.socket.resume();
    await caller.got('\r\n0\r\n\r\n');
    expect(drained).toBe(1);
    expect(caller.text().match(/x/g)).toHaveLength(written);
  }, 20_000);

  it('whose caller never reads is cut after its time', async () => {
    let left = 0;
    const { call: dial, server } = await listen((inbound) => {
      inbound.events = {
        onCallerLeft: () => {
          left += 1;
        },
        onDrain: () => undefined,
      };
      inbound.respond(200, [], Buffer.alloc(64 * 1024 * 1024));
    });
    const caller = dial();
    caller.socket.pause();
    caller.socket.write(GET);
    await until(() => server.connections === 1, 'the call');
    await until(() => server.connections === 0, 'the cut', 5000);
    expect(left).toBe(1);
  }, 10_000);

  it('that breaks off never looks whole', async () => {
    const { call: dial } = await listen((inbound) => {
      inbound.begin(200, []);
      inbound.write('part');
      inbound.abort('last words');
    });
    const chunked = dial();
    chunked.socket.write(GET);
    await chunked.ended();
    expect(chunked.text()).toContain('4\r\npart\r\na\r\nlast words\r\n');
    expect(chunked.text()).not.toContain('0\r\n\r\n');
    const old = dial();
    let code: unknown = null;
    old.socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    old.socket.write('GET / HTTP/1.0\r\n\r\n');
    await old.ended();
    expect(code).toBe('ECONNRESET');
  });
});

describe('an answer that is complete', () => {
  it('cannot be broken off any more: the connection is the next request’s', async () => {
    const answered: Inbound[] = [];
    const { call: dial } = await listen((inbound) => {
      answered.push(inbound);
      inbound.respond(200, [], `<${inbound.target}>`);
    });
    const caller = dial();
    caller.socket.write(GET);
    await caller.got('</c>');
    answered[0]?.abort();
    answered[0]?.abort('last words');
    caller.socket.write('GET /next HTTP/1.1\r\nHost: h\r\n\r\n');
    await caller.got('</next>');
    expect(answers(caller.text())).toEqual(['</c>', '</next>']);
  });
});
