/**
 * A streamed message read as strictly as the dialect is written, for every test that makes one: names and types agree, one block is open
 * at a time, indexes count, and the end is complete. Source: https://platform.claude.com/docs/en/build-with-claude/streaming.
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

type Members = Record<string, JsonValue | undefined>;

const DELTAS: ReadonlyMap<string, { readonly blocks: readonly string[]; readonly member: string }> =
  new Map([
    ['text_delta', { blocks: ['text'], member: 'text' }],
    ['thinking_delta', { blocks: ['thinking'], member: 'thinking' }],
    ['signature_delta', { blocks: ['thinking'], member: 'signature' }],
    ['citations_delta', { blocks: ['text'], member: 'citation' }],
    ['input_json_delta', { blocks: ['tool_use', 'server_tool_use'], member: 'partial_json' }],
  ]);
const STOP_REASONS = new Set<unknown>([
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
]);

/** The whole message that a stream tells. Throws where the stream breaks the grammar. */
export function readMessageStream(text: string): JsonObject {
  const reader = new MessageReader();
  for (const { name, data } of eventsIn(text)) reader.take(name, data);
  return reader.message();
}

/** The events of a stream: each is exactly a line with its name and one with its data. */
export function eventsIn(
  text: string,
): readonly { readonly name: string; readonly data: string }[] {
  if (text !== '' && !text.endsWith('\n\n')) throw new Error('the last event has no end');
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((event) => {
      const match = /^event: ([a-z_]+)\ndata: (.*)$/.exec(event);
      if (match === null) throw new Error(`no event: ${event}`);
      return { name: match[1] ?? '', data: match[2] ?? '' };
    });
}

class MessageReader {
  #message: Members | null = null;
  readonly #content: Members[] = [];
  #open = false;
  #input = '';
  #stopped = false;
  #ended = false;

  take(name: string, data: string): void {
    const event: unknown = JSON.parse(data);
    if (!isJsonObject(event) || event['type'] !== name) throw new Error(`${name} is not its type`);
    if (name === 'ping') return;
    if (this.#ended) throw new Error(`${name} comes after the end`);
    if (name === 'message_start') this.#start(event);
    else if (this.#message === null) throw new Error(`${name} comes before the start`);
    else if (name === 'content_block_start') this.#openBlock(event);
    else if (name === 'content_block_delta') this.#delta(event);
    else if (name === 'content_block_stop') this.#closeBlock(event);
    else if (name === 'message_delta') this.#messageDelta(event, this.#message);
    else if (name === 'message_stop' && this.#stopped) this.#ended = true;
    else throw new Error(`${name} does not belong here`);
  }

  message(): JsonObject {
    if (!this.#ended || this.#message === null) throw new Error('the stream has no end');
    return { ...this.#message, content: this.#content };
  }

  #start({ message }: JsonObject): void {
    if (this.#message !== null || !isJsonObject(message)) throw new Error('a second start');
    if (message['role'] !== 'assistant' || message['type'] !== 'message') {
      throw new Error('no message of the assistant');
    }
    if (!isJsonArray(message['content']) || message['content'].length > 0) {
      throw new Error('a message starts empty');
    }
    this.#message = { ...message };
  }

  #openBlock({ index, content_block: block }: JsonObject): void {
    if (this.#open || this.#stopped) throw new Error('a block opens beside another, or too late');
    if (index !== this.#content.length) throw new Error('a block is out of turn');
    if (!isJsonObject(block) || typeof block['type'] !== 'string') throw new Error('no block');
    this.#content.push({ ...block });
    this.#open = true;
    this.#input = '';
  }

  #delta({ index, delta }: JsonObject): void {
    const block = this.#content.at(-1);
    if (!this.#open || block === undefined || index !== this.#content.length - 1) {
      throw new Error('a delta for a block that is not open');
    }
    const type = isJsonObject(delta) ? delta['type'] : null;
    const rule = typeof type === 'string' ? DELTAS.get(type) : undefined;
    if (!isJsonObject(delta) || rule?.blocks.some((of) => of === block['type']) !== true) {
      throw new Error(`a delta of another block: ${JSON.stringify([delta, block])}`);
    }
    const value = delta[rule.member];
    if (type === 'citations_delta') {
      const before = isJsonArray(block['citations']) ? block['citations'] : [];
      block['citations'] = [...before, value ?? null];
    } else if (typeof value !== 'string') throw new Error(`${rule.member} is no text`);
    else if (type === 'input_json_delta') this.#input += value;
    else if (type === 'signature_delta') block['signature'] = value;
    else block[rule.member] = `${textOf(block[rule.member])}${value}`;
  }

  #closeBlock({ index }: JsonObject): void {
    const block = this.#content.at(-1);
    if (!this.#open || block === undefined || index !== this.#content.length - 1) {
      throw new Error('a block closes that is not open');
    }
    if (this.#input !== '') block['input'] = JSON.parse(this.#input);
    this.#open = false;
  }

  #messageDelta({ delta, usage }: JsonObject, message: Members): void {
    if (this.#open || this.#stopped) throw new Error('a message stops once, behind its blocks');
    if (!isJsonObject(delta) || !STOP_REASONS.has(delta['stop_reason'])) {
      throw new Error('no stop reason');
    }
    if (!isJsonObject(usage) || typeof usage['output_tokens'] !== 'number') {
      throw new Error('no usage');
    }
    Object.assign(message, delta);
    message['usage'] = { ...(isJsonObject(message['usage']) ? message['usage'] : {}), ...usage };
    this.#stopped = true;
  }
}

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
