// The provider of the bench: answers every call with the same bytes at the least cost it can, so that it is never what is measured.
// Usage: node bench/upstream.ts <events per stream> <milliseconds between events>. Prints its port; ends when its standard input does.
import type { Socket } from 'node:net';
import { COMPLETION, delta, DONE_TEXT, eventText } from './payloads.ts';
import { chunked, HEAD_END, PacedStreams, serve, type OpenStream } from './provider-socket.ts';

const events = Number(process.argv[2]);
const intervalMs = Number(process.argv[3]);

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

const ANSWER = Buffer.from(
  head(['content-type: application/json', `content-length: ${COMPLETION.length}`]) + COMPLETION,
);
const STREAM_HEAD = Buffer.from(
  head(['content-type: text/event-stream; charset=utf-8', 'transfer-encoding: chunked']),
);
const EVENT = chunked(eventText(delta({ content: ' word' }, null)));
const LAST_EVENT = chunked(eventText(delta({}, 'stop')));
const USAGE_EVENT = chunked(
  eventText({
    choices: [],
    usage: { prompt_tokens: 480, completion_tokens: events, total_tokens: 480 + events },
  }),
);
const DONE = Buffer.concat([chunked(DONE_TEXT), Buffer.from('0\r\n\r\n')]);

class WordStream implements OpenStream {
  readonly socket: Socket;
  readonly #withUsage: boolean;
  #sent = 0;

  constructor(socket: Socket, withUsage: boolean) {
    this.socket = socket;
    this.#withUsage = withUsage;
  }

  step(): boolean {
    this.#sent += 1;
    if (this.#sent < events) {
      this.socket.write(EVENT);
      return true;
    }
    this.socket.write(
      Buffer.concat(this.#withUsage ? [LAST_EVENT, USAGE_EVENT, DONE] : [LAST_EVENT, DONE]),
    );
    return false;
  }
}

const streams = new PacedStreams(intervalMs);

serve((socket, request) => {
  if (!request.includes('"stream":true')) {
    socket.write(ANSWER);
    return;
  }
  socket.write(STREAM_HEAD);
  streams.add(new WordStream(socket, request.includes('"include_usage":true')));
});
