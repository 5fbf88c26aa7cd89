import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { exceptionIn } from './event-stream.ts';

type State = 'empty' | 'open' | 'stopped' | 'over';

/** Checks the events of one stream against what ConverseStream allows; throws at the first that is out of place. */
export class ConverseGrammar {
  readonly #kinds = new Map<number, string>();
  #next = 0;
  #state: State = 'empty';

  check(name: string, data: string): void {
    const value: unknown = JSON.parse(data);
    if (!isJsonObject(value)) throw new Error(`${name}: not an object`);
    if (exceptionIn(name) !== null) this.#move('over', 'empty', 'open', 'stopped');
    else if (name === 'messageStart') this.#move('open', 'empty');
    else if (name === 'messageStop') this.#stop(value);
    else if (name === 'metadata') this.#metadata(value);
    else if (name === 'contentBlockStart') this.#open(value, onlyMemberOf(value['start']));
    else if (name === 'contentBlockDelta') this.#delta(value);
    else if (name === 'contentBlockStop') this.#close(value);
    else throw new Error(`there is no event ${name}`);
  }

  /** To be called at the end: a stream that just ends was cut. */
  finish(): void {
    if (this.#state !== 'over') throw new Error(`the stream ends while ${this.#state}`);
  }

  #move(to: State, ...from: readonly State[]): void {
    if (!from.includes(this.#state)) throw new Error(`${to} cannot follow ${this.#state}`);
    this.#state = to;
  }

  #stop(value: JsonObject): void {
    if (this.#kinds.size > 0) throw new Error('the message stops while a block is open');
    if (typeof value['stopReason'] !== 'string') throw new Error('messageStop needs a reason');
    this.#move('stopped', 'open');
  }

  #metadata({ usage, metrics }: JsonObject): void {
    this.#move('over', 'stopped');
    if (!isJsonObject(usage) || !isJsonObject(metrics)) throw new Error('metadata needs usage');
    const { inputTokens, outputTokens, totalTokens } = usage;
    for (const count of [inputTokens, outputTokens, totalTokens]) {
      if (!Number.isSafeInteger(count)) throw new Error('usage needs its three counts');
    }
  }

  #open(value: JsonObject, kind: string): void {
    this.#move('open', 'open');
    if (value['contentBlockIndex'] !== this.#next) throw new Error(`block ${this.#next} is next`);
    this.#kinds.set(this.#next, kind);
    this.#next += 1;
  }

  #delta(value: JsonObject): void {
    this.#move('open', 'open');
    const said = onlyMemberOf(value['delta']);
    const kind = said === 'citation' ? 'text' : said;
    const index = value['contentBlockIndex'];
    if (typeof index !== 'number') throw new Error('a delta names its block');
    const open = this.#kinds.get(index);
    if (open === undefined && (kind === 'text' || kind === 'reasoningContent')) {
      this.#open(value, kind);
    } else if (open !== kind) {
      throw new Error(`a delta of ${kind} for a block that is ${open ?? 'not open'}`);
    }
  }

  #close(value: JsonObject): void {
    const index = value['contentBlockIndex'];
    if (typeof index !== 'number' || !this.#kinds.delete(index)) {
      throw new Error(`block ${JSON.stringify(index)} is not open`);
    }
  }
}

function onlyMemberOf(value: JsonValue | undefined): string {
  const names = isJsonObject(value) ? Object.keys(value) : [];
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Error('a union has one member');
  return name;
}
