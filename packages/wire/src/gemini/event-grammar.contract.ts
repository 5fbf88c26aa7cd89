/** The grammar of Gemini's streams, for every test that reads one. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

/**
 * The events of a stream of ours, in order. Throws where one is none, where a candidate has no part to show (the official SDK's chat would
 * forget the answer), where an answer goes on after its `finishReason`, or where an answer never ends.
 */
export function geminiEvents(text: string): readonly JsonObject[] {
  const frames = text.split('\n\n');
  if (frames.pop() !== '') throw new Error('the last event has no end');
  const finished = new Map<number, boolean>();
  const events = frames.map((frame, index) => {
    if (!frame.startsWith('data: ') || frame.includes('\n')) throw new Error(`no event: ${frame}`);
    const event: JsonValue = JSON.parse(frame.slice('data: '.length));
    if (!isJsonObject(event)) throw new Error(`event ${index} is no object`);
    for (const candidate of candidatesOf(event)) checkCandidate(candidate, finished, index);
    if (typeof event['modelVersion'] !== 'string') throw new Error(`event ${index} has no model`);
    if (typeof event['responseId'] !== 'string') throw new Error(`event ${index} has no id`);
    return event;
  });
  for (const [index, end] of finished) if (!end) throw new Error(`candidate ${index} never ends`);
  return events;
}

const candidatesOf = (event: JsonObject): readonly JsonObject[] => objectsOf(event['candidates']);

/** The objects in an array; none of anything else. */
export function objectsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function checkCandidate(
  candidate: JsonObject,
  finished: Map<number, boolean>,
  event: number,
): void {
  const { index, content } = candidate;
  if (typeof index !== 'number') throw new Error(`a candidate of event ${event} has no index`);
  if (finished.get(index) === true) throw new Error(`candidate ${index} goes on after its end`);
  if (!isJsonObject(content) || content['role'] !== 'model') {
    throw new Error(`a candidate of event ${event} has no content`);
  }
  const parts = content['parts'];
  if (!isJsonArray(parts) || parts.length === 0) throw new Error(`event ${event} has no part`);
  for (const part of parts) {
    if (!isJsonObject(part) || Object.keys(part).length === 0) {
      throw new Error(`event ${event} has an empty part`);
    }
  }
  finished.set(index, typeof candidate['finishReason'] === 'string');
}

/** What a caller puts together of a stream: the parts of each candidate in a row, as they came. */
export function partsInStream(text: string, candidate = 0): readonly JsonObject[] {
  return geminiEvents(text)
    .flatMap(candidatesOf)
    .filter(({ index }) => index === candidate)

    .flatMap(({ content }) => (isJsonObject(content) ? objectsOf(content['parts']) : []));
}
