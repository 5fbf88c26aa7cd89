/** Streams that are too much: one line without end, events without end, as fast as the reader takes them. */
import type { Answer, Chunk, Exchange } from '../dialects/dialect.ts';
import type { FaultInput } from './fault-input.ts';
import type { FaultName } from './faults.ts';
import { pause, write } from './pace.ts';

export const FLOODS: ReadonlySet<FaultName> = new Set<FaultName>([
  'huge_line',
  'endless',
  'firehose',
]);

const CHUNK = 65_536;
const MARK = '@@@@';

/** A stream whose head is out. */
export async function floodStream(
  exchange: Exchange,
  answer: Answer,
  fault: FaultInput,
): Promise<void> {
  const filler = answer.filler ?? ((text: string) => `data: ${text}\n\n`);
  if (fault.fault === 'huge_line') return hugeLine(exchange, answer, filler, fault);
  if (fault.fault === 'endless') {
    let count = 0;
    do {
      if (!(await write(exchange.response, filler(` ${++count}`)))) return;
      exchange.call.events++;
    } while (await pause(exchange.response, fault.intervalMs ?? 10));
    return;
  }
  const event = filler('x'.repeat(CHUNK));
  const last = answer.events?.at(-1) ?? '';
  for (let left = fault.bytes ?? 400 * 1024 * 1024; left > 0; left -= event.length) {
    const written = write(exchange.response, event);
    if (written !== true && !(await written)) return;
    exchange.call.events++;
  }
  exchange.response.end(last);
}

async function hugeLine(
  exchange: Exchange,
  answer: Answer,
  filler: (text: string) => Chunk,
  fault: FaultInput,
): Promise<void> {
  const marked = filler(MARK);
  if (typeof marked !== 'string') {
    // a frame names its own length: it is made whole
    exchange.call.events++;
    exchange.response.end(filler('x'.repeat(fault.bytes ?? 16 * 1024 * 1024)));
    return;
  }
  const [before = '', after = ''] = marked.split(MARK);
  const chunk = 'x'.repeat(CHUNK);
  let left = fault.bytes ?? 16 * 1024 * 1024;
  if (!(await write(exchange.response, before))) return;
  while (left > 0) {
    const written = write(exchange.response, left < CHUNK ? chunk.slice(0, left) : chunk);
    if (written !== true && !(await written)) return;
    left -= CHUNK;
  }
  exchange.call.events++;
  exchange.response.write(after);
  exchange.response.end(answer.events?.at(-1) ?? '');
}
