import type { CooldownChange } from '@keywell/core/keys/status';
import type { VerdictClass } from '@keywell/core/keys/verdict';

/** Cooldowns that are kept in mind, to tell an extension from a new one; what has ended makes room. */
const MAX_KNOWN = 50_000;

/** Adds up for how long scopes were cooled, by class. An extension counts by what it adds. */
export class CooldownSeconds {
  readonly #ms = new Map<VerdictClass, number>();
  readonly #ends = new Map<string, number>();

  note(changes: readonly CooldownChange[], wallNow: number): void {
    for (const { action, scopeId, class: of, dimension, endsAt } of changes) {
      const name = `${scopeId}\n${of}\n${dimension}`;
      const until = Math.max(wallNow, this.#ends.get(name) ?? 0);
      this.#ends.delete(name);
      if (action === 'cleared') {
        // What was counted and did not come to pass.
        this.#add(of, wallNow - until);
        continue;
      }
      this.#add(of, Math.max(0, endsAt - until));
      this.#ends.set(name, Math.max(until, endsAt));
    }
    if (this.#ends.size > MAX_KNOWN) this.#forget(wallNow);
  }

  /** Seconds by class, without those that are still to come: a counter that only grows. */
  read(wallNow: number): readonly { readonly class: VerdictClass; readonly seconds: number }[] {
    const open = new Map<string, number>();
    for (const [name, endsAt] of this.#ends) {
      const of = name.split('\n')[1] ?? '';
      if (endsAt > wallNow) open.set(of, (open.get(of) ?? 0) + endsAt - wallNow);
    }
    return [...this.#ms].map(([of, ms]) => ({
      class: of,
      seconds: Math.max(0, ms - (open.get(of) ?? 0)) / 1000,
    }));
  }

  #add(of: VerdictClass, ms: number): void {
    this.#ms.set(of, (this.#ms.get(of) ?? 0) + ms);
  }

  #forget(wallNow: number): void {
    for (const [name, endsAt] of this.#ends) if (endsAt <= wallNow) this.#ends.delete(name);
  }
}
