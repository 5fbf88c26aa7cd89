/**
 * Ids of tool calls, where Gemini may have none: older models and Vertex AI leave them out, results then find their call by name and
 * order. Ids made up here are known again, so that Gemini is never sent them.
 */
const MADE_UP = 'call_kw_';

export function isMadeUp(id: string): boolean {
  return id.startsWith(MADE_UP);
}

/** At most 64 characters of what every dialect takes in an id (Bedrock: `[a-zA-Z0-9_-]{1,64}`). */
function madeUpId(seed: string, number: number): string {
  const letters = seed.replace(/[^A-Za-z0-9_-]/g, '').slice(-40);
  return letters === '' ? `${MADE_UP}${number}` : `${MADE_UP}${letters}_${number}`;
}

/** Calls and their results, told in the order of the conversation. */
export class CallLedger {
  readonly #seed: string;
  /** Null as long as nothing was called, which is so in most conversations. */
  #waiting: Map<string, { readonly ids: string[]; next: number }> | null = null;
  /** Of those whose results said so. */
  #answered: Set<string> | null = null;
  #count = 0;

  constructor(seed = '') {
    this.#seed = seed;
  }

  /** A call's id: its own, or one for its place. */
  called(id: string | null, name: string): string {
    const known = id === null || id === '' ? madeUpId(this.#seed, this.#count) : id;
    this.#count += 1;
    this.#waiting ??= new Map();
    const line = this.#waiting.get(name);
    if (line === undefined) this.#waiting.set(name, { ids: [known], next: 0 });
    else line.ids.push(known);
    return known;
  }

  /** The id of the call that a result answers: its own, else that of the first call of this name without a result. */
  answered(id: string | null, name: string): string {
    if (id === null || id === '') return this.#firstWaiting(name);
    this.#answered ??= new Set();
    this.#answered.add(id);
    return id;
  }

  #firstWaiting(name: string): string {
    const line = this.#waiting?.get(name);
    for (;;) {
      const id = line?.ids[line.next];
      if (line === undefined || id === undefined) break;
      line.next += 1;
      if (this.#answered?.has(id) !== true) return id;
    }
    return madeUpId(`${this.#seed}r`, this.#count++);
  }
}
