import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseReader } from './response-reader.ts';

interface Read {
  status: number | null;
  body: string;
  end: 'whole' | 'surplus' | 'broken' | null;
  headers: Record<string, string | undefined>;
}

/** Reads a response whose bytes are cut after each of the given offsets. */
function read(raw: string, cuts: readonly number[] = [], closes = false): Read {
  const seen: Read = { status: null, body: '', end: null, headers: {} };
  const reader = new ResponseReader();
  reader.expect({
    onHead: (head) => {
      seen.status = head.status;
      seen.headers = { type: head.header('content-type'), odd: head.header('x-odd') };
    },
    onBody: (bytes) => {
      seen.body += Buffer.from(bytes).toString('latin1');
    },
    onWhole: (surplus) => {
      seen.end = surplus ? 'surplus' : 'whole';
    },
    onBroken: () => {
      seen.end = 'broken';
    },
  });
  const bytes = Buffer.from(raw, 'latin1');
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    // The reader may keep nothing of a chunk: the buffer is used again.
    const chunk = Buffer.from(bytes.subarray(from, to));
    reader.push(chunk);
    chunk.fill(0x21);
    from = to;
  }
  if (closes) reader.finish();
  return seen;
}

const LENGTH =
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nX-Odd:  a b \r\n\r\nhello world';
const CHUNKED =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Trailer: t\r\n\r\n';
const INTERIM =
  'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('reading a response', () => {
  it.each([
    [LENGTH, 'hello world'],
    [CHUNKED, 'hello world'],
    [INTERIM, 'ok'],
    ['HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n', ''],
  ])('reads the same at every cut of its bytes: %j', (raw, body) => {
    const whole = read(raw);
    expect(whole).toMatchObject({ body, end: 'whole' });
    for (let cut = 1; cut < raw.length; cut += 1) expect(read(raw, [cut])).toEqual(whole);
    expect(
      read(
        raw,
        Array.from({ length: raw.length - 1 }, (_, at) => at + 1),
      ),
    ).toEqual(whole);
  });

  it('gives headers by lower-case name, trimmed', () => {
    expect(read(LENGTH).headers).toEqual({ type: 'application/json', odd: 'a b' });
  });

  it('takes a body without a length to the end of the connection', () => {
    expect(read('HTTP/1.1 200 OK\r\n\r\nhello', [], true)).toMatchObject({
      body: 'hello',
      end: 'whole',
    });
    expect(read('HTTP/1.1 200 OK\r\n\r\nhello', [], false).end).toBeNull();
  });

  it('says when more follows than was asked for', () => {
    expect(read(`${LENGTH}HTTP/1.1 200 OK\r\n\r\n`).end).toBe('surplus');
    expect(read(`${CHUNKED}x`).end).toBe('surplus');
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/0.9', 'hello world, this is a body'],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of 600', 'HTTP/1.1 600 OK\r\n\r\n'],
    ['101', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['nine interim responses', `${'HTTP/1.1 103 E\r\n\r\n'.repeat(9)}${LENGTH}`],
    ['a folded header', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nnothing\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n'],
    ['a bare LF in a header', 'HTTP/1.1 200 OK\r\nx: a\ny: b\r\n\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nx: a\u0000b\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['a signed length', 'HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\na'],
    [
      'a length beside a coding',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['another coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    [
      'two codings',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a chunk size that is none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
    [
      'a chunk size with 0x',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n',
    ],
    [
      'a chunk size of 12 digits',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n123456789abc\r\n',
    ],
    [
      'a chunk without its line end',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhelloX',
    ],
    [
      'chunk lines that end in LF',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\nhello\n0\n\n',
    ],
    ['an endless head', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`],
    [
      'an endless chunk line',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;${'a'.repeat(5000)}`,
    ],
    [
      'endless trailers',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${'x: y\r\n'.repeat(5000)}`,
    ],
  ])('refuses %s', (_name, raw) => {
    expect(read(raw).end).toBe('broken');
  });

  it('never throws and never says twice how it ended, whatever arrives', () => {
    const seeds = [LENGTH, CHUNKED, INTERIM];
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
        fc.nat(200),
        (seed, edits, cut) => {
          const bytes = Buffer.from(seed, 'latin1');
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
          const { end } = read(bytes.toString('latin1'), [cut % bytes.length]);
          expect([null, 'whole', 'surplus', 'broken']).toContain(end);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
