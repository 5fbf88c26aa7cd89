import type { JsonObject } from '../json/value.ts';
import type { ForeignPart } from './content.ts';
import { saysNothing, tellingNames } from './usual-values.ts';

const NOTHING: readonly string[] = Object.freeze([]);

/**
 * Collects the names of what a target cannot express: parameters by their snake_case name in OpenAI's manner (`logit_bias`, `top_k`),
 * content by its kind (`image`, `thinking`, `citations`), extensions by their own name. Each once, in the order they were met.
 */
export class Drops {
  /** Null as long as nothing was dropped, which is nearly always. */
  #names: Set<string> | null = null;

  /** Notes a name; only what could stand in a header is kept of it. */
  add(name: string): void {
    if (this.#names?.has(name) === true) return;
    this.#names ??= new Set();
    this.#names.add(name.replace(/[^A-Za-z0-9_.:-]/g, '_').slice(0, 64));
  }

  addAll(names: readonly string[]): void {
    for (const name of names) this.add(name);
  }

  /** Notes what of an answer's own members says something. */
  addMembers(members: JsonObject): void {
    this.addAll(tellingNames(members));
  }

  /** Notes a part of another dialect; a member of something, named `<owner>.<member>`, only where it says something. */
  addForeign({ name, value }: ForeignPart): void {
    const dot = name.indexOf('.');
    if (dot === -1 || !saysNothing(name.slice(dot + 1), value)) this.add(name);
  }

  /** Notes it if it was said at all. */
  addIf(said: unknown, name: string): void {
    if (said !== null && said !== undefined) this.add(name);
  }

  get names(): readonly string[] {
    return this.#names === null ? NOTHING : [...this.#names];
  }
}
