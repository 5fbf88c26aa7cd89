/** Puts an answer on the wire, whole and at once, or as the call's faults want it. Knows nothing of any dialect. */
import { gzipSync } from 'node:zlib';
import type { Answer, Chunk, Exchange } from '../dialects/dialect.ts';
import { cutBody, cutStream, CUTS } from './cuts.ts';
import type { FaultInput } from './fault-input.ts';
import { FLOODS, floodStream } from './floods.ts';
import { failed, pause, untilClosed, write } from './pace.ts';
import { rawAnswer, RAW_ANSWERS } from './raw-answers.ts';
import { streamTypeOf, wholeOf } from './whole-answer.ts';
import { shapedHeaders } from './shaped-headers.ts';

/** How the answer goes out: the sum of the model's own pace and the shaping faults. */
interface Delivery {
  readonly firstByteMs: number;
  readonly intervalMs: number;
  readonly bytewise: boolean;
  readonly gzip: boolean;
  readonly informational: boolean;
  readonly headers: readonly string[];
}

const AT_ONCE = { intervalMs: 0, bytewise: false };

/** Sends an answer that no fault touches. */
export function deliver(exchange: Exchange, answer: Answer): void {
  if (answer.firstByteMs > 0 || answer.eventIntervalMs > 0) {
    deliverUnderFaults(exchange, answer, null, []);
    return;
  }
  if (answer.events === null) {
    sendBody(exchange, answer, answer.headers);
  } else {
    startStream(exchange, answer, answer.headers);
    sendEvents(exchange, answer.events, AT_ONCE).catch((error: unknown) =>
      failed(exchange.response, error),
    );
  }
}

/** Sends an answer under faults. Never rejects. */
export function deliverUnderFaults(
  exchange: Exchange,
  answer: Answer,
  acting: FaultInput | null,
  shapes: readonly FaultInput[],
): void {
  void (async () => {
    const delays = [acting, ...shapes].map((fault) => fault?.delayMs ?? 0);
    const delayMs = Math.max(...delays);
    if (delayMs > 0 && !(await pause(exchange.response, delayMs))) return;
    if (acting === null) await deliverSlowly(exchange, answer, shapes, answer.firstByteMs);
    else await act(exchange, answer, acting, shapes);
  })().catch((error: unknown) => failed(exchange.response, error));
}

async function act(
  exchange: Exchange,
  answer: Answer,
  acting: FaultInput,
  shapes: readonly FaultInput[],
): Promise<void> {
  const { response } = exchange;
  const name = acting.fault;
  if (name === 'stall_silent') return untilClosed(response);
  if (name === 'die_before_headers') return cut(exchange);
  if (RAW_ANSWERS.has(name)) return rawAnswer(exchange, answer, acting);
  if (name === 'wrong_type') {
    const other = answer.other?.() ?? answer;
    return deliverSlowly(exchange, other, shapes, answer.firstByteMs);
  }
  const delivery = deliveryOf(answer, shapes);
  if (delivery.firstByteMs > 0 && !(await pause(response, delivery.firstByteMs))) return;
  const headers = [...answer.headers, ...delivery.headers];
  if (answer.events === null) {
    if (CUTS.has(name)) return cutBody(exchange, answer, headers, acting);
    return sendBody(exchange, answer, headers);
  }
  startStream(exchange, answer, headers);
  if (FLOODS.has(name)) return floodStream(exchange, answer, acting);
  if (CUTS.has(name)) {
    const whole = answer.events.length;
    const send = (events: readonly Chunk[]): Promise<boolean> =>
      sendEvents(exchange, events, { ...delivery, end: false, of: whole });
    return cutStream(exchange, answer.events, acting, send);
  }
  await sendEvents(exchange, answer.events, delivery);
}

/** Resets the connection. */
export function cut(exchange: Exchange): void {
  exchange.call.cut = true;
  const { socket } = exchange.response;
  if (socket === null) exchange.response.destroy();
  else socket.resetAndDestroy();
}

function deliveryOf(answer: Answer, shapes: readonly FaultInput[]): Delivery {
  const of = (name: FaultInput['fault']): FaultInput | undefined =>
    shapes.find((shape) => shape.fault === name);
  return {
    firstByteMs: of('slow_first_byte')?.waitMs ?? answer.firstByteMs,
    intervalMs: of('slow_stream')?.intervalMs ?? (of('slow_stream') ? 30 : answer.eventIntervalMs),
    bytewise: of('bytewise') !== undefined,
    gzip: of('gzip') !== undefined,
    informational: of('informational') !== undefined,
    headers: shapedHeaders(of('extra_headers'), of('huge_headers')),
  };
}

async function deliverSlowly(
  exchange: Exchange,
  answer: Answer,
  shapes: readonly FaultInput[],
  firstByteMs: number,
): Promise<void> {
  const { response } = exchange;
  const delivery = deliveryOf({ ...answer, firstByteMs }, shapes);
  if (delivery.informational) {
    response.writeProcessing();
    response.writeEarlyHints({ link: '</simulator>; rel=preload' });
  }
  if (delivery.firstByteMs > 0 && !(await pause(response, delivery.firstByteMs))) return;
  const headers = [...answer.headers, ...delivery.headers];
  if (delivery.gzip) {
    sendZipped(exchange, answer, headers);
  } else if (answer.events !== null) {
    startStream(exchange, answer, headers);
    await sendEvents(exchange, answer.events, delivery);
  } else if (delivery.bytewise) {
    writeHead(exchange, answer.status, [
      ...headers,
      'content-length',
      String(Buffer.byteLength(answer.body)),
    ]);
    exchange.open?.produced(1, 1);
    if (await writeBytewise(exchange, answer.body)) response.end();
  } else {
    sendBody(exchange, answer, headers);
  }
}

/** Writes the response head and notes the status. */
function writeHead(exchange: Exchange, status: number, headers: readonly string[]): void {
  exchange.call.status = status;
  exchange.response.writeHead(status, [...headers]);
}

function sendBody(exchange: Exchange, answer: Answer, headers: readonly string[]): void {
  if (exchange.response.destroyed) return;
  exchange.call.status = answer.status;
  const length = Buffer.byteLength(answer.body);
  exchange.response.writeHead(answer.status, [...headers, 'content-length', String(length)]);
  exchange.open?.produced(1, 1);
  exchange.response.end(answer.body);
}

function sendZipped(exchange: Exchange, answer: Answer, headers: readonly string[]): void {
  if (exchange.response.destroyed) return;
  const zipped = gzipSync(wholeOf(answer));
  const type = answer.events === null ? [] : ['content-type', streamTypeOf(answer)];
  const framing = ['content-encoding', 'gzip', 'content-length', String(zipped.byteLength)];
  writeHead(exchange, answer.status, [...headers, ...type, ...framing]);
  exchange.call.events = answer.events?.length ?? 0;
  exchange.open?.produced(1, 1);
  exchange.response.end(zipped);
}

function startStream(exchange: Exchange, answer: Answer, headers: readonly string[]): void {
  if (exchange.response.destroyed) return;
  writeHead(exchange, answer.status, [...headers, 'content-type', streamTypeOf(answer)]);
  exchange.response.flushHeaders();
}

async function sendEvents(
  exchange: Exchange,
  events: readonly Chunk[],
  how: {
    readonly intervalMs: number;
    readonly bytewise: boolean;
    readonly end?: boolean;
    readonly of?: number;
  },
): Promise<boolean> {
  const { response, call } = exchange;
  for (let at = 0; at < events.length; at++) {
    const event = events[at] ?? '';
    if (at > 0 && how.intervalMs > 0 && !(await pause(response, how.intervalMs))) return false;
    const written = how.bytewise ? writeBytewise(exchange, event) : write(response, event);
    if (written !== true && !(await written)) return false;
    call.events++;
    exchange.open?.produced(at + 1, how.of ?? events.length);
  }
  if (how.end !== false) response.end();
  return true;
}

async function writeBytewise(exchange: Exchange, chunk: Chunk): Promise<boolean> {
  const bytes = Buffer.from(chunk);
  for (let at = 0; at < bytes.length; at++) {
    const written = write(exchange.response, bytes.subarray(at, at + 1));
    if (written !== true && !(await written)) return false;
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
  return true;
}
