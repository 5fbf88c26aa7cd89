// The provider of the bench: answers every call with the same bytes at the least cost it can, so that it is never what is measured.
// Usage: node bench/upstream.ts <events per stream> <milliseconds between events>. Prints its port; ends when its standard input does.
import { createServer, type Socket } from 'node:net';
import { COMPLETION, delta, DONE_TEXT, eventText } from './payloads.ts';

const events = Number(process.argv[2]);
const intervalMs = Number(process.argv[3]);

const HEAD_END = '\r\n\r\n';

const LIMITS = [
  'x-ratelimit-limit-requests: 1000000',
  'x-ratelimit-limit-tokens: 100000000',
  'x-ratelimit-remaining-requests: 999999',
  'x-ratelimit-remaining-tokens: 99999000',
  'x-ratelimit-reset-requests: 1ms',
  'x-ratelimit-reset-tokens: 6ms',
  'openai-organization: org-bench',
  'openai-processing-ms: 12',
  'x-request-id: req_bench0000000000000000000000000',
];

function head(fields: readonly string[]): string {
  return ['HTTP/1.1 200 OK', ...fields, ...LIMITS].join('\r\n') + HEAD_END;
}

function chunk(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`);
}

const ANSWER = Buffer.from(
  head(['content-type: application/json', `content-length: ${COMPLETION.length}`]) + COMPLETION,
);
const STREAM_HEAD = Buffer.from(
  head(['content-type: text/event-stream; charset=utf-8', 'transfer-encoding: chunked']),
);
const EVENT = chunk(eventText(delta({ content: ' word' }, null)));
const LAST_EVENT = chunk(eventText(delta({}, 'stop')));
const USAGE_EVENT = chunk(
  eventText({
    choices: [],
    usage: { prompt_tokens: 480, completion_tokens: events, total_tokens: 480 + events },
  }),
);
const DONE = Buffer.concat([chunk(DONE_TEXT), Buffer.from('0\r\n\r\n')]);

interface OpenStream {
  readonly socket: Socket;
  readonly withUsage: boolean;
  sent: number;
  dueAt: number;
}

/** Every stream waits for the same time between events, so that the one that waited longest is always first. */
const waiting: OpenStream[] = [];
let first = 0;

function serveStreams(): void {
  const now = performance.now();
  for (let stream = waiting[first]; stream !== undefined && stream.dueAt <= now;) {
    first += 1;
    if (!stream.socket.destroyed) step(stream, now);
    stream = waiting[first];
  }
  if (first > 4096) waiting.splice(0, first);
  if (first > waiting.length) first = 0;
}

function step(stream: OpenStream, now: number): void {
  stream.sent += 1;
  if (stream.sent < events) {
    stream.socket.write(EVENT);
    stream.dueAt = now + intervalMs;
    waiting.push(stream);
    return;
  }
  stream.socket.write(
    Buffer.concat(stream.withUsage ? [LAST_EVENT, USAGE_EVENT, DONE] : [LAST_EVENT, DONE]),
  );
}

/** Bytes of one request from the start of `data`; 0 when it is not all there yet. */
function requestLength(data: Buffer): number {
  const headEnd = data.indexOf(HEAD_END);
  if (headEnd === -1) return 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(data.toString('latin1', 0, headEnd + 2));
  const whole = headEnd + HEAD_END.length + Number(length?.[1] ?? 0);
  return whole <= data.length ? whole : 0;
}

function answer(socket: Socket, request: Buffer): void {
  if (!request.includes('"stream":true')) {
    socket.write(ANSWER);
    return;
  }
  socket.write(STREAM_HEAD);
  const withUsage = request.includes('"include_usage":true');
  waiting.push({ socket, withUsage, sent: 0, dueAt: performance.now() + intervalMs });
}

const server = createServer({ noDelay: true }, (socket) => {
  let kept: Buffer | null = null;
  socket.on('data', (chunkIn: Buffer) => {
    let data = kept === null ? chunkIn : Buffer.concat([kept, chunkIn]);
    for (let length = requestLength(data); length > 0; length = requestLength(data)) {
      answer(socket, data.subarray(0, length));
      data = data.subarray(length);
    }
    kept = data.length > 0 ? data : null;
  });
  socket.on('error', () => socket.destroy());
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  process.stdout.write(`${address.port}\n`);
});
setInterval(serveStreams, 2);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
