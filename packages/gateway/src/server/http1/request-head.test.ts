import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequestHead } from './request-head.ts';

const START = 'POST /v1/chat/completions?x=1 HTTP/1.1';
const head = (...lines: string[]) => readRequestHead([START, 'Host: a', ...lines].join('\r\n'));

describe('the head of a request', () => {
  it('is read as it came, without the white space around values', () => {
    expect(head('X-Odd: \t a  b \t', 'Empty:', 'empty-too: ')).toEqual({
      method: 'POST',
      target: '/v1/chat/completions?x=1',
      version: '1.1',
      rawHeaders: ['Host', 'a', 'X-Odd', 'a  b', 'Empty', '', 'empty-too', ''],
      framing: 'none',
      length: null,
      keepAlive: true,
      expect: null,
      upgrade: null,
    });
  });

  it.each([
    ['GET / HTTP/1.1'],
    ['get /a%20b HTTP/1.0'],
    ['M-SEARCH * HTTP/1.1'],
    ['PRI * HTTP/2.0'],
    ['POST /\xff HTTP/9.9'],
  ])('begins with a start line: %j', (start) => {
    expect(readRequestHead(start)).toMatchObject({ method: start.split(' ')[0] });
  });

  it.each([
    [''],
    ['GET /'],
    ['GET  / HTTP/1.1'],
    ['GET /  HTTP/1.1'],
    [' GET / HTTP/1.1'],
    ['GET / HTTP/1.1 '],
    ['GET /a b HTTP/1.1'],
    ['GET /\tb HTTP/1.1'],
    ['GET / HTTP/11'],
    ['GET / HTTP/1.10'],
    ['GET / http/1.1'],
    ['G(T / HTTP/1.1'],
    ['GET /\u0100 HTTP/1.1'],
    [`${'A'.repeat(33)} / HTTP/1.1`],
  ])('is none without one: %j', (start) => {
    expect(readRequestHead(`${start}\r\nHost: a`)).toBeNull();
  });

  it.each([
    ['no colon'],
    [': no name'],
    ['Name : value'],
    [' Folded: value'],
    ['A: b\r\n folded'],
    ['A: b\nB: c'],
    ['A: b\rB: c'],
    ['A: \u0000'],
    ['A: \u000b'],
    ['A: \u007f'],
    ['\u00dc: a'],
    ['A: \u0141'],
    ['Content-Length: '],
    ['Content-Length: +1'],
    ['Content-Length: 1 1'],
    ['Content-Length: 0x1'],
    ['Content-Length: 1, 1'],
    ['Content-Length: 1234567890123456'],
    ['Content-Length: 1\r\ncontent-length: 1'],
    ['Content-Length: 1\r\nTransfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked\r\nContent-Length: 1'],
    ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'],
    ['Content_Length: 1'],
    ['transfer_encoding: chunked'],
  ])('is none with %j', (lines) => {
    expect(head(lines)).toBeNull();
  });

  it.each([
    ['Content-Length: 0', 'none', 0],
    ['content-length: 00012', 'length', 12],
    ['CONTENT-LENGTH:\t7 ', 'length', 7],
    ['Transfer-Encoding: chunked', 'chunked', null],
    // What kind of coding it is, is judged elsewhere; that there is one is what counts here.
    ['Transfer-Encoding: gzip', 'chunked', null],
    ['X-Content-Length: 5', 'none', null],
  ])('says how the body ends: %j', (line, framing, length) => {
    expect(head(line)).toMatchObject({ framing, length });
  });

  it.each([
    ['1.1', '', true],
    ['1.1', 'close', false],
    ['1.1', 'Keep-Alive, Close', false],
    ['1.1', 'closed', true],
    ['1.0', '', false],
    ['1.0', 'Keep-Alive', true],
    ['1.0', 'x-keep-alive', false],
  ])('HTTP/%s with connection %j goes on: %s', (version, connection, keepAlive) => {
    const text = `GET / HTTP/${version}\r\nConnection: ${connection}`;
    expect(readRequestHead(text)).toMatchObject({ keepAlive });
  });

  it('speaks of another protocol only where its connection does', () => {
    expect(head('Upgrade: WebSocket')).toMatchObject({ upgrade: null });
    expect(head('Upgrade: WebSocket', 'Connection: keep-alive, Upgrade')).toMatchObject({
      upgrade: 'websocket',
    });
  });

  it('never throws, and what it takes holds no line of its own', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'aZ0-_:;, \t\r\n\u0000\u00ff\u0141/'.split('')) }),
        (text) => {
          const read = readRequestHead(`${START}\r\n${text}`);
          for (const part of read?.rawHeaders ?? [])
            expect(part).not.toMatch(/[\r\n\0\u0100-\uffff]/);
        },
      ),
      { numRuns: 500 },
    );
  });
});
