import { createParser, type EventSourceMessage } from 'eventsource-parser';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { EventSplitter } from './event-splitter.ts';

// Wide, for machines that are busy with something else.
vi.setConfig({ testTimeout: 30_000 });

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const MEBIBYTE = 1 << 20;

const joined = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString('latin1');

interface Seen {
  readonly name: string;
  readonly data: string;
}

/** Everything the splitter says of a stream that comes in these chunks, and the bytes of its events joined. */
function split(chunks: readonly Uint8Array[], maxEventBytes = MEBIBYTE) {
  const splitter = new EventSplitter(maxEventBytes);
  const events: Seen[] = [];
  const pieces: Uint8Array[] = [];
  const take = (): void => {
    const { bytes, start, end, nameStart, nameEnd, dataLines } = splitter;
    pieces.push(bytes.subarray(start, end));
    if (dataLines > 0) {
      const name = decoder.decode(bytes.subarray(nameStart, nameEnd));
      events.push({ name, data: decoder.decode(splitter.data()) });
    }
  };
  for (const chunk of chunks) {
    splitter.push(chunk);
    while (splitter.next()) take();
  }
  const whole = events.length;
  if (splitter.finish()) take();
  return {
    events: events.slice(0, whole),
    rest: events.slice(whole),
    raw: joined(pieces),
    splitter,
  };
}

function reference(text: string): Seen[] {
  const events: Seen[] = [];
  const parser = createParser({
    onEvent: ({ event, data }: EventSourceMessage) => {
      events.push({ name: event ?? '', data });
    },
  });
  parser.feed(text);
  return events;
}

const STREAMS = {
  LF: 'data: one\n\ndata: two\n\n',
  CRLF: 'data: one\r\n\r\ndata: two\r\n\r\n',
  CR: 'data: one\r\rdata: two\r\r',
  'mixed line ends': 'data: a\r\ndata: b\rdata: c\n\r\n:x\n\revent: e\rdata: d\r\n\n',
  'a BOM': '\ufeffdata: one\n\ndata: two\n\n',
  'a BOM that is not the first': 'data: one\n\n\ufeffdata: two\n\ndata: three\n\n',
  'a BOM before several lines': '\ufeffdata: one\ndata: two\n\n',
  'two BOMs': '\ufeff\ufeffdata: one\n\ndata: two\n\n',
  comments: ': keep-alive\n\n:\n\n: x\ndata: one\n:y\n\n',
  'no space, two spaces, a tab': 'data:one\n\ndata:  two\n\ndata:\tthree\n\n',
  'several data lines': 'data: a\ndata\ndata:\ndata: b\n\n',
  'named events':
    'event: error\ndata: {}\n\nevent:ping\ndata: 1\n\nevent: a\nevent: b\ndata: 2\n\n',
  'other fields': 'id: 7\nretry: 10\nfoo: bar\ndata: x\ndatax: y\ndat: z\nevents: q\n\n',
  'emoji and CJK': 'data: 👩‍👩‍👧‍👦 東京\n\ndata: é\n\n',
  'blank lines': '\n\n\n\r\r\ndata: x\n\n\n\n\ndata: y\n\n',
  'a colon in the value': 'data: a: b\n\n',
};

describe('events', () => {
  it.each(Object.entries(STREAMS))(
    'are those of the reference parser, wherever the stream is cut: %s',
    (_, stream) => {
      const bytes = encoder.encode(stream);
      const expected = reference(stream);
      expect(expected.length).toBeGreaterThan(0);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const { events, raw } = split([bytes.subarray(0, cut), bytes.subarray(cut)]);
        expect(events).toEqual(expected);
        expect(raw).toBe(joined([bytes]));
      }
      const single = split(Array.from(bytes, (byte) => Uint8Array.of(byte)));
      expect(single.events).toEqual(expected);
      expect(single.raw).toBe(joined([bytes]));
    },
  );

  it('are those of the reference parser for 3,000 random streams in random chunks', () => {
    const piece = fc.constantFrom(
      'data',
      'event',
      ':',
      ': ',
      ' ',
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      'x',
      '👍',
      'id',
      'data: y',
    );
    const stream = fc.tuple(
      fc.constantFrom('', '', '\ufeff'),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(stream, fc.array(fc.nat(9), { maxLength: 30 }), ([bom, body], sizes) => {
        const bytes = encoder.encode(bom + body);
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) chunks.push(bytes.subarray(at, (at += size)));
        chunks.push(bytes.subarray(at));
        const { events, raw } = split(chunks);
        expect(events).toEqual(reference(bom + body));
        expect(raw).toBe(joined([bytes]));
      }),
      { numRuns: 3000 },
    );
  });

  it('take the last one although no blank line ends it', () => {
    expect(split([encoder.encode('data: a\n\ndata: [DONE]')]).rest).toEqual([
      { name: '', data: '[DONE]' },
    ]);
    expect(split([encoder.encode('data: a\n\ndata: [DO'), encoder.encode('NE]\n')]).rest).toEqual([
      { name: '', data: '[DONE]' },
    ]);
    expect(split([encoder.encode('data: a\n\n')]).rest).toEqual([]);
  });
});

describe('bytes', () => {
  it('are those of the chunk, not copied, where an event lies within one', () => {
    const splitter = new EventSplitter();
    const chunk = encoder.encode('data: one\n\ndata: two\n\n');
    splitter.push(chunk);
    expect(splitter.next()).toBe(true);
    expect(splitter.bytes).toBe(chunk);
    expect([splitter.start, splitter.end]).toEqual([0, 11]);
    expect(splitter.next()).toBe(true);
    expect(splitter.bytes).toBe(chunk);
    expect([splitter.start, splitter.end]).toEqual([11, 22]);
    expect(splitter.next()).toBe(false);
  });

  it('of an event that spans chunks stay as they are when more comes', () => {
    const splitter = new EventSplitter();
    splitter.push(encoder.encode('data: o'));
    expect(splitter.next()).toBe(false);
    splitter.push(encoder.encode('ne\n\ndata: t'));
    expect(splitter.next()).toBe(true);
    const held = splitter.bytes.subarray(splitter.start, splitter.end);
    expect(splitter.next()).toBe(false);
    splitter.push(encoder.encode('wo\n\n'));
    expect(splitter.next()).toBe(true);
    expect(decoder.decode(held)).toBe('data: one\n\n');
  });
});

describe('the cap on one event', () => {
  const event = (size: number): Uint8Array =>
    encoder.encode(`${'data: '.padEnd(size - 2, 'x')}\n\n`);

  it.each([1, 7, 64, 1000])('counts the whole event, in chunks of %i bytes as in one', (size) => {
    for (const [length, overflowed] of [
      [100, false],
      [101, true],
    ] as const) {
      const bytes = event(length);
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      const result = split(chunks, 100);
      expect(result.splitter.overflowed).toBe(overflowed);
      expect(result.events.length).toBe(overflowed ? 0 : 1);
    }
  });

  it('does not add events up', () => {
    const bytes = encoder.encode('data: 0123456789\n\n'.repeat(50));
    expect(split([bytes], 20).events.length).toBe(50);
  });

  it('ends a line of 16 MiB in chunks of 64 KiB at the first MiB, and reads nothing after', () => {
    const chunk = new Uint8Array(65_536).fill(0x78);
    const splitter = new EventSplitter();
    let fed = 0;
    for (; fed < 256 && !splitter.overflowed; fed++) {
      splitter.push(chunk);
      expect(splitter.next()).toBe(false);
    }
    expect(fed).toBe(17);
    splitter.push(encoder.encode('\n\ndata: x\n\n'));
    expect(splitter.next()).toBe(false);
    expect(splitter.finish()).toBe(false);
  });

  it('reads a line of 16 MiB in time proportional to its length where the cap allows it', () => {
    const chunk = new Uint8Array(4096).fill(0x78);
    const splitter = new EventSplitter(1 << 25);
    const before = process.cpuUsage();
    splitter.push(encoder.encode('data: '));
    splitter.next();
    for (let i = 0; i < 4096; i++) {
      splitter.push(chunk);
      splitter.next();
    }
    splitter.push(encoder.encode('\n\n'));
    expect(splitter.next()).toBe(true);
    expect(splitter.dataEnd - splitter.dataStart).toBe(1 << 24);
    // 0.1 to 1 s; joining or searching again for every chunk would read 32 GiB.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(4000);
  });
});
