/** Answers that break off or fall silent on the way. */
import type { Answer, Chunk, Exchange } from '../dialects/dialect.ts';
import type { FaultInput } from './fault-input.ts';
import type { FaultName } from './faults.ts';
import { untilClosed } from './pace.ts';

export const CUTS: ReadonlySet<FaultName> = new Set<FaultName>([
  'die_after_headers',
  'die_mid_stream',
  'die_before_done',
  'end_before_done',
  'stall_after_headers',
  'stall_mid_stream',
]);

/** Long enough for what was written to leave before the connection is reset: a reset may discard what waits. */
const FLUSH_MS = 20;

async function resetAfterFlush({ response, call }: Exchange): Promise<void> {
  call.cut = true;
  await new Promise<void>((resolve) => {
    setTimeout(resolve, FLUSH_MS);
  });
  const { socket } = response;
  if (socket === null) response.destroy();
  else socket.resetAndDestroy();
}

/** A stream whose head is out: some of its events, then the end the fault wants. */
export async function cutStream(
  exchange: Exchange,
  events: readonly Chunk[],
  fault: FaultInput,
  send: (events: readonly Chunk[]) => Promise<boolean>,
): Promise<void> {
  const all = events.length - 1;
  const some = Math.min(fault.events ?? 2, all);
  const name = fault.fault;
  if (name === 'die_after_headers') return resetAfterFlush(exchange);
  if (name === 'stall_after_headers') return untilClosed(exchange.response);
  if (name === 'end_before_done') {
    if (await send(events.slice(0, Math.min(fault.events ?? all, all)))) exchange.response.end();
    return;
  }
  const sent = await send(events.slice(0, name === 'die_before_done' ? all : some));
  if (!sent) return;
  if (name === 'stall_mid_stream') await untilClosed(exchange.response);
  else await resetAfterFlush(exchange);
}

/** A body with an honest content-length of which half comes at most. */
export async function cutBody(
  exchange: Exchange,
  answer: Answer,
  headers: readonly string[],
  fault: FaultInput,
): Promise<void> {
  const { response, call } = exchange;
  if (response.destroyed) return;
  const bytes = Buffer.from(answer.body);
  call.status = answer.status;
  response.writeHead(answer.status, [...headers, 'content-length', String(bytes.byteLength)]);
  response.flushHeaders();
  const half = fault.fault === 'die_mid_stream' || fault.fault === 'stall_mid_stream';
  if (half) response.write(bytes.subarray(0, bytes.byteLength >> 1));
  const stalls = fault.fault === 'stall_after_headers' || fault.fault === 'stall_mid_stream';
  if (stalls) await untilClosed(response);
  else await resetAfterFlush(exchange);
}
