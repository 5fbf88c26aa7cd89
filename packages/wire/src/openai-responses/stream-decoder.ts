import type { StreamDecoder } from '../canonical/codec.ts';
import { lenientString, othersIn } from '../canonical/read-member.ts';
import type { StreamEvent } from '../canonical/stream-event.ts';
import { tellingNames } from '../canonical/usual-values.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { hasFailed, KNOWN } from './decode-response.ts';
import { decodeStop } from './stop-reasons.ts';
import { StreamItems, type TextPlace } from './stream-items.ts';
import { decodeUsage } from './usage-shape.ts';

type Tell = (event: StreamEvent) => void;

const TEXT: TextPlace = { list: 'content', of: { kind: 'text' } };
const REFUSAL: TextPlace = { list: 'content', of: { kind: 'refusal' } };
const SUMMARY: TextPlace = { list: 'summary', of: { kind: 'thinking', id: null, sealed: null } };
const THOUGHT: TextPlace = {
  list: 'content',
  of: { kind: 'thinking', id: null, sealed: null, verbatim: true },
};
/** Hosts that end their streams as OpenAI Chat does. */
const DONE = '[DONE]';

/**
 * Reads the events of a streamed response. Source: `ResponseStreamEvent` of the official SDK. The event's `type` counts, its SSE name
 * only where there is none; events of tools that the provider runs are alive, their items are told when they are done.
 */
export function streamDecoder(seed: string): StreamDecoder {
  return new ResponsesStreamDecoder(seed);
}

class ResponsesStreamDecoder implements StreamDecoder {
  readonly #items: StreamItems;
  #isStarted = false;
  #isOver = false;

  constructor(seed: string) {
    this.#items = new StreamItems(seed);
  }

  push(name: string, data: string, tell: Tell): boolean {
    if (data === DONE) return true;
    const event = parsed(data);
    if (event === null) return false;
    if (this.#isOver) return true;
    const type = lenientString(event['type']) ?? name;
    if (type === 'error' || (type === '' && isJsonObject(event['error']))) {
      this.#fail(data, tell);
    } else if (!this.#delta(type, event, tell) && !this.#part(type, event, tell)) {
      this.#lifecycle(type, event, data, tell);
    }
    return true;
  }

  end(): boolean {
    return this.#isOver;
  }

  /** Text as it comes: nearly all events of a stream. */
  #delta(type: string, event: JsonObject, tell: Tell): boolean {
    const items = this.#items;
    switch (type) {
      case 'response.output_text.delta':
        this.#begin({}, tell);
        items.text(event, TEXT, tell);
        items.logprobs(event, TEXT, tell);
        return true;
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        items.argument(event, event['delta'], false, tell);
        return true;
      case 'response.refusal.delta':
        this.#begin({}, tell);
        items.text(event, REFUSAL, tell);
        return true;
      case 'response.reasoning_summary_text.delta':
        this.#begin({}, tell);
        items.text(event, SUMMARY, tell);
        return true;
      case 'response.reasoning_text.delta':
        this.#begin({}, tell);
        items.text(event, THOUGHT, tell);
        return true;
      default:
        return false;
    }
  }

  /** Beginnings and ends of items and of their parts. */
  #part(type: string, event: JsonObject, tell: Tell): boolean {
    const read = READERS.get(type);
    if (read === undefined) return false;
    this.#begin({}, tell);
    read(this.#items, event, tell);
    return true;
  }

  #lifecycle(type: string, event: JsonObject, data: string, tell: Tell): void {
    const said = event['response'];
    const response = isJsonObject(said) ? said : {};
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
        if (this.#isStarted) tell({ kind: 'alive' });
        else this.#begin(response, tell);
        break;
      case 'response.failed':
        this.#fail(data, tell);
        break;
      case 'response.completed':
      case 'response.incomplete':
        if (hasFailed(response)) this.#fail(data, tell);
        else this.#complete(type, response, tell);
        break;
      default:
        tell({ kind: 'alive' });
    }
  }

  #begin(response: JsonObject, tell: Tell): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const createdAt = response['created_at'];
    tell({
      kind: 'start',
      id: lenientString(response['id']),
      model: lenientString(response['model']),
      createdAt: typeof createdAt === 'number' ? createdAt : null,
    });
  }

  #complete(type: string, response: JsonObject, tell: Tell): void {
    this.#begin(response, tell);
    if (this.#items.isEmpty) this.#items.wholeOutput(response['output'], tell);
    this.#items.closeAll(tell);
    const status: JsonValue = response['status'] ?? type.slice('response.'.length);
    const { reason, detail } = decodeStop({ ...response, status }, this.#items.held);
    tell({ kind: 'stop', choice: 0, reason, detail });
    const usage = decodeUsage(response['usage']);
    if (usage !== null) tell({ kind: 'usage', usage });
    const names = tellingNames(othersIn(response, KNOWN));
    if (names.length > 0) tell({ kind: 'others', names });
    tell({ kind: 'end' });
    this.#isOver = true;
  }

  #fail(data: string, tell: Tell): void {
    this.#isOver = true;
    tell({ kind: 'error', data });
  }
}

type Reader = (items: StreamItems, event: JsonObject, tell: Tell) => void;
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['response.output_item.added', (items, event, tell) => items.added(event, tell)],
  ['response.output_item.done', (items, event, tell) => items.itemDone(event, tell)],
  ['response.content_part.added', (items, event, tell) => items.partAdded(event, tell)],
  ['response.content_part.done', (items, event, tell) => items.partDone(event, tell)],
  ['response.output_text.done', (items, event, tell) => items.wholeText(event, TEXT, tell)],
  [
    'response.output_text.annotation.added',
    (items, event, tell) => items.annotation(event, TEXT, tell),
  ],
  ['response.refusal.done', (items, event, tell) => items.wholeText(event, REFUSAL, tell)],
  [
    'response.function_call_arguments.done',
    (items, event, tell) => items.argument(event, event['arguments'], true, tell),
  ],
  [
    'response.custom_tool_call_input.done',
    (items, event, tell) => items.argument(event, event['input'], true, tell),
  ],
  [
    'response.reasoning_summary_part.added',
    (items, event, tell) => items.summaryAdded(event, tell),
  ],
  ['response.reasoning_summary_part.done', (items, event, tell) => items.summaryDone(event, tell)],
  [
    'response.reasoning_summary_text.done',
    (items, event, tell) => items.wholeText(event, SUMMARY, tell),
  ],
  ['response.reasoning_text.done', (items, event, tell) => items.wholeText(event, THOUGHT, tell)],
]);

function parsed(data: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(data);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
