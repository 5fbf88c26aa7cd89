import type { Signature } from '../canonical/content.ts';
import type { OpenedPart } from '../canonical/stream-event.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { named } from './decode-response.ts';
import { thoughtSignature } from './tool-call-shape.ts';

interface Call {
  /** Null until its name is known: no call opens without one. */
  part: number | null;
  /** As the host gave it; null until then. */
  id: string | null;
  /** What came before the name. */
  early: string;
}

/** What one fragment of a call changes. */
export interface CallStep {
  readonly part: number;
  /** The part of another call that ends by it. */
  readonly closes: number | null;
  readonly opens: OpenedPart | null;
  readonly text: string;
  readonly signature: Signature | null;
}

/**
 * The calls of one choice. Fragments belong together by `index`; some hosts send none (Ollama), others the same for all (Google's
 * compatible endpoint): a new id with a name begins a new call.
 */
export class StreamCalls {
  readonly #seed: string;
  readonly #calls = new Map<number, Call>();
  #latest = 0;
  #begun = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  get any(): boolean {
    return this.#begun > 0;
  }

  *openParts(): Iterable<number> {
    for (const { part } of this.#calls.values()) if (part !== null) yield part;
  }

  /** `next` is the number a new part would get; null where the fragment says nothing yet. */
  step(fragment: JsonObject, next: number): CallStep | null {
    const custom = isJsonObject(fragment['custom']);
    const called = fragment[custom ? 'custom' : 'function'];
    const name = isJsonObject(called) ? named(called['name']) : null;
    const said = isJsonObject(called) ? (called[custom ? 'input' : 'arguments'] ?? '') : '';
    const text = typeof said === 'string' ? said : JSON.stringify(said);
    const id = named(fragment['id']);
    const { call, closes } = this.#callOf(fragment['index'], id, name);
    call.id ??= id;
    const signature = thoughtSignature(fragment);
    if (call.part !== null) return { part: call.part, closes, opens: null, text, signature };
    call.early += text;
    if (name === null) return null;
    call.part = next;
    const opened = call.id ?? `call_${this.#seed}_${this.#begun}`;
    this.#begun++;
    const opens: OpenedPart = { kind: 'tool_call', id: opened, name, custom };
    return { part: next, closes, opens, text: call.early, signature };
  }

  #callOf(
    index: unknown,
    id: string | null,
    name: string | null,
  ): { readonly call: Call; readonly closes: number | null } {
    const begins = id !== null && name !== null;
    let key = this.#latest;
    if (typeof index === 'number') key = index;
    else if (begins || (name !== null && this.#calls.size > 0)) key = this.#latest + 1;
    this.#latest = key;
    const known = this.#calls.get(key);
    const replaced = known !== undefined && begins && known.id !== null && known.id !== id;
    if (known !== undefined && !replaced) return { call: known, closes: null };
    const call: Call = { part: null, id: null, early: '' };
    this.#calls.set(key, call);
    return { call, closes: known?.part ?? null };
  }
}
