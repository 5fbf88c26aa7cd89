/** What a stream of this dialect must look like for the official clients; for the tests of everything that writes one. */
import { isJsonArray, isJsonObject, type JsonObject } from '../json/value.ts';

interface SeenChoice {
  finished: boolean;
  calls: number;
}

/** The data of each event. Throws where the framing is not that of this dialect: `data: ` and one line, then a blank one. */
export function chatEventData(stream: string): readonly string[] {
  if (!stream.endsWith('\n\n')) throw new Error('the stream ends in the middle of an event');
  return stream
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      if (!event.startsWith('data: ') || event.includes('\n')) {
        throw new Error(`this is no event of one line: ${event.slice(0, 80)}`);
      }
      return event.slice('data: '.length);
    });
}

/** Throws at the first event that stands where it must not; returns the chunks. */
export function checkChatEvents(stream: string): readonly JsonObject[] {
  const data = chatEventData(stream);
  if (data.at(-1) !== '[DONE]') throw new Error('the last event is not [DONE]');
  const chunks = data.slice(0, -1).map((text) => objectOf(JSON.parse(text), 'a chunk'));
  const choices = new Map<number, SeenChoice>();
  let usages = 0;
  for (const chunk of chunks) {
    checkFrame(chunk, chunks[0]);
    if (!isJsonArray(chunk['choices'])) throw new Error('a chunk has no list of choices');
    if (usages > 0) throw new Error('a chunk comes after the usage');
    if (chunk['choices'].length === 0) {
      objectOf(chunk['usage'], 'the usage');
      usages++;
    }
    for (const choice of chunk['choices']) checkChoice(objectOf(choice, 'a choice'), choices);
  }
  for (const [index, { finished }] of choices) {
    if (!finished) throw new Error(`choice ${index} has no finish_reason`);
  }
  return chunks;
}

function objectOf(value: unknown, what: string): JsonObject {
  if (!isJsonObject(value)) throw new Error(`${what} is no object`);
  return value;
}

function checkFrame(chunk: JsonObject, first: JsonObject | undefined): void {
  if (chunk['object'] !== 'chat.completion.chunk') throw new Error('a chunk is no chunk');
  for (const name of ['id', 'model', 'created'] as const) {
    if (chunk[name] !== first?.[name] || chunk[name] === undefined) {
      throw new Error(`"${name}" is not the same in all chunks`);
    }
  }
}

function checkChoice(choice: JsonObject, choices: Map<number, SeenChoice>): void {
  const { index, finish_reason: finish } = choice;
  if (typeof index !== 'number') throw new Error('a choice has no index');
  const delta = objectOf(choice['delta'], 'a delta');
  const known = choices.get(index);
  const seen = known ?? { finished: false, calls: 0 };
  choices.set(index, seen);
  if ((delta['role'] === 'assistant') !== (known === undefined)) {
    throw new Error(`the role of choice ${index} is not in its first chunk, or again later`);
  }
  if (seen.finished) throw new Error(`choice ${index} goes on after its finish_reason`);
  if (isJsonArray(delta['tool_calls'])) {
    for (const call of delta['tool_calls']) checkCall(objectOf(call, 'a tool call'), seen);
  }
  seen.finished = typeof finish === 'string';
  if (!seen.finished && finish !== null) throw new Error('finish_reason is neither text nor null');
}

/** A call begins with its id, type and name at the next index; its later fragments have only the index. */
function checkCall(call: JsonObject, seen: SeenChoice): void {
  const { index, id, type } = call;
  if (typeof index !== 'number') throw new Error('a tool call has no index');
  const member = isJsonObject(call['custom']) ? 'custom' : 'function';
  const called = objectOf(call[member], 'what is called');
  if (typeof called[member === 'custom' ? 'input' : 'arguments'] !== 'string') {
    throw new Error(`tool call ${index} has no text`);
  }
  const begins = id !== undefined;
  if (begins !== (index === seen.calls)) throw new Error(`tool call ${index} begins out of turn`);
  if (index > seen.calls) throw new Error(`tool call ${index} was never begun`);
  if (!begins) return;
  if (type !== member || typeof id !== 'string' || typeof called['name'] !== 'string') {
    throw new Error(`tool call ${index} begins without an id, a type or a name`);
  }
  seen.calls++;
}
