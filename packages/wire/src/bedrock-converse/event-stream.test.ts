import { crc32 } from 'node:zlib';
import { EventStreamCodec } from '@smithy/core/event-streams';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, exceptionIn, FrameSplitter } from './event-stream.ts';

const encoder = new TextEncoder();
const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const amazon = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : utf8(bytes)),
  (text) => encoder.encode(text),
);

const STREAM: readonly (readonly [string, string])[] = [
  ['messageStart', '{"role":"assistant"}'],
  ['contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":"Grüße 😀"}}'],
  ['contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":""}}'],
  ['exception:throttlingException', '{"message":"Too many requests"}'],
  ['metadata', ''],
];

const joined = (frames: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(frames.flatMap((frame) => Array.from(frame)));
const BYTES = joined(STREAM.map(([name, data]) => encodeFrame(name, data)));
const FIRST = encodeFrame(...(STREAM[0] ?? ['', '']));

function split(chunks: readonly Uint8Array[], most?: number) {
  const splitter = new FrameSplitter(most);
  const events: [string, string][] = [];
  for (const chunk of chunks) {
    splitter.push(chunk);
    while (splitter.next()) events.push([splitter.name, splitter.text()]);
  }
  return { events, splitter };
}

describe('reading frames', () => {
  it('gives the same events wherever the stream is cut into chunks', () => {
    for (let at = 0; at <= BYTES.length; at += 1) {
      const { events, splitter } = split([BYTES.subarray(0, at), BYTES.subarray(at)]);
      expect(events).toEqual(STREAM);
      expect(splitter.finish()).toBe(true);
    }
    const { events } = split(Array.from(BYTES, (byte) => Uint8Array.of(byte)));
    expect(events).toEqual(STREAM);
  });

  it('knows at every byte whether the stream was cut in the middle of a frame', () => {
    const ends = new Set<number>([0]);
    let length = 0;
    for (const [name, data] of STREAM) ends.add((length += encodeFrame(name, data).length));
    for (let at = 0; at <= BYTES.length; at += 1) {
      expect(split([BYTES.subarray(0, at)]).splitter.finish()).toBe(ends.has(at));
    }
  });

  it('takes no damaged byte for an event, wherever it stands', () => {
    const one = encodeFrame('metadata', '{"usage":{}}');
    for (let at = 0; at < one.length; at += 1) {
      const damaged = one.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      const { events, splitter } = split([damaged, one]);
      expect(events).toEqual([]);
      expect(splitter.broken).toBe(true);
      expect(splitter.finish()).toBe(false);
    }
  });

  it('never throws and never keeps more than a frame, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
        const { events } = split(chunks);
        expect(events).toEqual([]);
      }),
    );
  });

  it('reads nothing more once a frame is longer than allowed', () => {
    const { events, splitter } = split([BYTES], FIRST.length);
    expect(events).toEqual(STREAM.slice(0, 1));
    expect(splitter.overflowed).toBe(true);
    expect(splitter.finish()).toBe(false);
  });

  it('does not copy a frame that lies within a chunk', () => {
    const splitter = new FrameSplitter();
    splitter.push(BYTES);
    expect(splitter.next()).toBe(true);
    expect(splitter.data().buffer).toBe(BYTES.buffer);
  });

  it('reads what the AWS SDK writes, past headers of every type', () => {
    const frame = amazon.encode({
      headers: {
        ':message-type': { type: 'string', value: 'event' },
        flag: { type: 'boolean', value: true },
        tiny: { type: 'byte', value: 1 },
        small: { type: 'short', value: 2 },
        whole: { type: 'integer', value: 3 },
        bytes: { type: 'binary', value: Uint8Array.of(1, 2, 3) },
        at: { type: 'timestamp', value: new Date(0) },
        id: { type: 'uuid', value: '11111111-2222-3333-4444-555555555555' },
        ':event-type': { type: 'string', value: 'messageStop' },
      },
      body: encoder.encode('{"stopReason":"end_turn"}'),
    });
    expect(split([frame]).events).toEqual([['messageStop', '{"stopReason":"end_turn"}']]);
  });

  it('names an unmodelled error by its code', () => {
    const frame = amazon.encode({
      headers: {
        ':message-type': { type: 'string', value: 'error' },
        ':error-code': { type: 'string', value: 'InternalFailure' },
        ':error-message': { type: 'string', value: 'oops' },
      },
      body: new Uint8Array(0),
    });
    expect(split([frame]).events).toEqual([['exception:InternalFailure', '']]);
  });

  it('refuses headers that run past their end', () => {
    const frame = amazon.encode({
      headers: { ':event-type': { type: 'string', value: 'x'.repeat(40) } },
      body: new Uint8Array(0),
    });
    const short = amazon.encode({ headers: {}, body: frame.subarray(12, 40) });
    const lying = short.slice();
    new DataView(lying.buffer).setUint32(4, 28);
    const { events, splitter } = split([resealed(lying)]);
    expect(events).toEqual([]);
    expect(splitter.broken).toBe(true);
  });
});

/** The frame with both of its checksums made right again. */
function resealed(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer);
  view.setUint32(8, crc32(frame.subarray(0, 8)));
  view.setUint32(frame.length - 4, crc32(frame.subarray(0, frame.length - 4)));
  return frame;
}

describe('writing frames', () => {
  it('writes what the AWS SDK reads', () => {
    for (const [name, data] of STREAM) {
      const { headers, body } = amazon.decode(encodeFrame(name, data));
      const exception = exceptionIn(name);
      expect(headers[':message-type']?.value).toBe(exception === null ? 'event' : 'exception');
      expect(headers[exception === null ? ':event-type' : ':exception-type']?.value).toBe(
        exception ?? name,
      );
      expect(utf8(body)).toBe(data);
    }
  });
});
