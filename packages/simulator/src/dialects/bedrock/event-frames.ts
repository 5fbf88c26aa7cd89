/**
 * `application/vnd.amazon.eventstream`: length of the message, length of its headers, a checksum of the two, headers, payload, a checksum of
 * it all; big-endian. docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html.
 */
import { crc32 } from 'node:zlib';

export const EVENT_STREAM_TYPE = 'application/vnd.amazon.eventstream';

const STRING = 7;

function header(name: string, value: string): Buffer {
  const text = Buffer.from(value);
  const head = Buffer.from(name);
  const bytes = Buffer.allocUnsafe(4 + head.byteLength + text.byteLength);
  bytes.writeUInt8(head.byteLength, 0);
  head.copy(bytes, 1);
  bytes.writeUInt8(STRING, 1 + head.byteLength);
  bytes.writeUInt16BE(text.byteLength, 2 + head.byteLength);
  text.copy(bytes, 4 + head.byteLength);
  return bytes;
}

/** One message: string headers, flat name and value, and a payload. */
function frame(headers: readonly string[], payload: string): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    parts.push(header(headers[at] ?? '', headers[at + 1] ?? ''));
  }
  const told = Buffer.concat(parts);
  const body = Buffer.from(payload);
  const message = Buffer.allocUnsafe(16 + told.byteLength + body.byteLength);
  message.writeUInt32BE(message.byteLength, 0);
  message.writeUInt32BE(told.byteLength, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  told.copy(message, 12);
  body.copy(message, 12 + told.byteLength);
  message.writeUInt32BE(crc32(message.subarray(0, -4)), message.byteLength - 4);
  return message;
}

const JSON_HEADER = [':content-type', 'application/json'];

export const eventFrame = (type: string, payload: string): Buffer =>
  frame([':event-type', type, ...JSON_HEADER, ':message-type', 'event'], payload);

export const exceptionFrame = (type: string, payload: string): Buffer =>
  frame([':exception-type', type, ...JSON_HEADER, ':message-type', 'exception'], payload);
