/** Reads a streamed response as its events stand on the wire and throws where they break the dialect's grammar; for tests of all that writes it. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

export interface WireEvent {
  readonly name: string;
  readonly data: string;
}

const FINAL = ['response.completed', 'response.incomplete', 'response.failed'];

/** Splits text into events; framing must be exactly `event: …\ndata: …\n\n`. */
export function wireEventsOf(text: string): WireEvent[] {
  if (text === '') return [];
  if (!text.endsWith('\n\n')) throw new Error('the last event has no end');
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      const [first, second, ...more] = event.split('\n');
      if (!first?.startsWith('event: ') || !second?.startsWith('data: ') || more.length > 0) {
        throw new Error(`badly framed: ${event}`);
      }
      return { name: first.slice(7), data: second.slice(6) };
    });
}

/** Checks a whole stream and gives the final response object. */
export function checkResponsesStream(text: string): JsonObject {
  const grammar = new Grammar();
  for (const { name, data } of wireEventsOf(text)) {
    const event: unknown = JSON.parse(data);
    if (!isJsonObject(event)) throw new Error(`no object: ${data}`);
    if (event['type'] !== name) throw new Error(`"${name}" says it is ${String(event['type'])}`);
    grammar.take(name, event);
  }
  return grammar.response();
}

interface Text {
  text: string;
  done: boolean;
  /** Whether its block was told to be done too; arguments have none. */
  partDone: boolean;
}

interface OpenItem {
  readonly added: JsonObject;
  readonly texts: Map<string, Text>;
  blocks: number;
  summaries: number;
  done: JsonObject | null;
}

class Grammar {
  readonly #items: OpenItem[] = [];
  #sequence = 0;
  #id: JsonValue | undefined;
  #final: JsonObject | null = null;

  take(name: string, event: JsonObject): void {
    demand(this.#final === null, `${name} comes after the end`);
    demand(event['sequence_number'] === this.#sequence, `${name} is not number ${this.#sequence}`);
    if (this.#sequence === 0) demand(name === 'response.created', `${name} comes first`);
    if (this.#sequence === 1) demand(name === 'response.in_progress', `${name} comes second`);
    this.#sequence++;
    const response = event['response'];
    if (isJsonObject(response)) this.#lifecycle(name, response);
    else if (name === 'response.output_item.added') this.#added(event);
    else this.#inItem(name, event);
  }

  response(): JsonObject {
    if (this.#final === null) throw new Error('the stream has no end');
    return this.#final;
  }

  #lifecycle(name: string, response: JsonObject): void {
    this.#id ??= response['id'];
    demand(typeof this.#id === 'string' && this.#id !== '', 'the response has no id');
    demand(response['id'] === this.#id, 'the id of the response changes');
    if (!FINAL.includes(name)) {
      demand(response['status'] === 'in_progress', `${name} is not in progress`);
      demand(isJsonArray(response['output']) && response['output'].length === 0, 'early output');
      return;
    }
    demand(response['status'] === name.slice('response.'.length), `${name} says another status`);
    const done = this.#items.map((item) => item.done);
    demand(!done.includes(null), 'an item is not done');
    demand(same(response['output'], done), 'the final output is not what was told');
    this.#final = response;
  }

  #added(event: JsonObject): void {
    const { item, output_index: index } = event;
    demand(index === this.#items.length, `item ${String(index)} is not next`);
    if (!isJsonObject(item)) throw new Error('no item');
    demand(typeof item['id'] === 'string' && item['id'] !== '', 'an item has no id');
    const isKnown = this.#items.some(({ added }) => added['id'] === item['id']);
    demand(!isKnown, `the id ${String(item['id'])} is used twice`);
    this.#items.push({ added: item, texts: new Map(), blocks: 0, summaries: 0, done: null });
  }

  #inItem(name: string, event: JsonObject): void {
    const item = this.#items[Number(event['output_index'])];
    if (item === undefined) throw new Error(`${name} is in no item`);
    demand(item.done === null, `${name} comes after its item`);
    if (name === 'response.output_item.done') {
      this.#itemDone(item, event);
      return;
    }
    demand(event['item_id'] === item.added['id'], `${name} names another item`);
    if (name.endsWith('part.added')) this.#partAdded(item, name, event);
    else if (name.endsWith('part.done')) this.#partDone(item, name, event);
    else this.#inText(item, name, event);
  }

  #itemDone(item: OpenItem, event: JsonObject): void {
    const done = event['item'];
    if (!isJsonObject(done)) throw new Error('no item');
    for (const name of ['id', 'type', 'call_id', 'name']) {
      demand(done[name] === item.added[name], `${name} of an item changes`);
    }
    for (const [key, text] of item.texts) {
      demand(text.done && text.partDone, `${key} is not done`);
      const told = key === 'call' ? (done['arguments'] ?? done['input']) : textAt(done, key);
      demand(told === text.text, `${key} of the item is not what was told`);
    }
    item.done = done;
  }

  #partAdded(item: OpenItem, name: string, event: JsonObject): void {
    const isSummary = name.includes('summary');
    const index = event[isSummary ? 'summary_index' : 'content_index'];
    const next = isSummary ? item.summaries++ : item.blocks++;
    demand(index === next, `${name} is not next`);
    const key = keyOf(event);
    item.texts.set(key, { text: textOf(event['part']), done: false, partDone: false });
  }

  #partDone(item: OpenItem, name: string, event: JsonObject): void {
    const text = item.texts.get(keyOf(event));
    if (text === undefined) throw new Error(`${name} of nothing`);
    demand(!text.partDone, `${name} comes twice`);
    const isForeign = !['output_text', 'refusal', 'summary_text', 'reasoning_text'].includes(
      String(isJsonObject(event['part']) ? event['part']['type'] : ''),
    );
    demand(text.done || isForeign, `${name} comes before its text is done`);
    demand(isForeign || textOf(event['part']) === text.text, `${name} tells another text`);
    text.done = true;
    text.partDone = true;
  }

  #inText(item: OpenItem, name: string, event: JsonObject): void {
    const isCall = name.includes('call');
    const key = isCall ? 'call' : keyOf(event);
    if (isCall && !item.texts.has(key)) {
      item.texts.set(key, { text: '', done: false, partDone: true });
    }
    const text = item.texts.get(key);
    if (text === undefined) throw new Error(`${name} of nothing`);
    demand(!text.done, `${name} comes after its text`);
    if (name.endsWith('.delta')) {
      demand(typeof event['delta'] === 'string', `${name} has no delta`);
      text.text += String(event['delta']);
    } else if (name.endsWith('.done')) {
      demand(textOf(event) === text.text, `${name} tells another text`);
      text.done = true;
    } else demand(name === 'response.output_text.annotation.added', `${name} is unknown`);
  }
}

function keyOf(event: JsonObject): string {
  const summary = event['summary_index'];
  return summary === undefined
    ? `content ${String(event['content_index'])}`
    : `summary ${String(summary)}`;
}

function textOf(value: JsonValue | undefined): string {
  if (!isJsonObject(value)) return '';
  const text = value['text'] ?? value['refusal'] ?? value['arguments'] ?? value['input'];
  return typeof text === 'string' ? text : '';
}

function textAt(item: JsonObject, key: string): string {
  const [list, index] = key.split(' ');
  const blocks = item[list ?? ''];
  return isJsonArray(blocks) ? textOf(blocks[Number(index)]) : '';
}

function same(left: JsonValue | undefined, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
