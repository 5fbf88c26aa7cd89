// The provider of the dialects' bench: answers each dialect at its own path with the same bytes every time.
// Usage: node bench/dialects/upstream.ts <words per stream> <milliseconds between words>. Prints its port.
import type { Socket } from 'node:net';
import type { Dialect } from '../../packages/wire/src/canonical/dialect.ts';
import { chunked, HEAD_END, PacedStreams, serve, type OpenStream } from '../provider-socket.ts';
import { answerIn, DIALECTS, streamIn, type StreamPieces } from './answers.ts';
import { timeMark } from './time-mark.ts';

const words = Number(process.argv[2]);
const intervalMs = Number(process.argv[3]);

/** Everything that is written in one dialect. */
interface Script {
  readonly whole: Buffer;
  readonly streamHead: Buffer;
  readonly pieces: StreamPieces;
  readonly word: Buffer;
  readonly last: Buffer;
}

const head = (...fields: readonly string[]): string =>
  ['HTTP/1.1 200 OK', ...fields, 'x-request-id: req_bench0000000000000000000000000'].join('\r\n') +
  HEAD_END;

function scriptOf(dialect: Dialect): Script {
  const body = answerIn(dialect);
  const pieces = streamIn(dialect);
  const length = `content-length: ${body.length}`;
  const type =
    dialect === 'bedrock-converse' ? 'application/vnd.amazon.eventstream' : 'text/event-stream';
  return {
    whole: Buffer.concat([Buffer.from(head('content-type: application/json', length)), body]),
    streamHead: Buffer.from(head(`content-type: ${type}`, 'transfer-encoding: chunked')),
    pieces,
    word: chunked(pieces.word),
    last: Buffer.concat([chunked(pieces.last), Buffer.from('0\r\n\r\n')]),
  };
}

const SCRIPTS = new Map(DIALECTS.map((dialect) => [dialect, scriptOf(dialect)]));

/** What in a request's first line tells the dialect. */
const PLACES: readonly (readonly [string, Dialect])[] = [
  ['/chat/completions', 'openai-chat'],
  ['/responses', 'openai-responses'],
  ['/messages', 'anthropic-messages'],
  ['enerateContent', 'gemini'],
  ['/converse', 'bedrock-converse'],
];

class WordStream implements OpenStream {
  readonly socket: Socket;
  readonly #script: Script;
  #sent = 0;

  constructor(socket: Socket, script: Script) {
    this.socket = socket;
    this.#script = script;
  }

  /** The first word says when it was sent. */
  step(): boolean {
    const { pieces, word, last } = this.#script;
    if (this.#sent === 0) this.socket.write(chunked(pieces.first(timeMark())));
    else this.socket.write(this.#sent < words ? word : last);
    this.#sent += 1;
    return this.#sent <= words;
  }
}

const streams = new PacedStreams(intervalMs);
/** More than any question's own words before its end. */
const LAST_BYTES = 200;

serve((socket, request) => {
  const line = request.toString('latin1', 0, request.indexOf('\r\n'));
  const place = PLACES.find(([sign]) => line.includes(sign));
  const script = place === undefined ? undefined : SCRIPTS.get(place[1]);
  if (script === undefined) {
    socket.write(head('content-length: 0').replace('200 OK', '404 Not Found'));
    return;
  }
  // An attachment of megabytes is not searched.
  const streamed =
    /streamGenerate|converse-stream/.test(line) ||
    request.subarray(0, 4096).includes('"stream":true') ||
    request.subarray(-LAST_BYTES).includes('"stream":true');
  if (!streamed) {
    socket.write(script.whole);
    return;
  }
  socket.write(script.streamHead);
  streams.add(new WordStream(socket, script));
});
