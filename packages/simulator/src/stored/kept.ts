/** What a provider keeps of the calls it answered: everything belongs to one organization, and the oldest goes when there is too much. */
import { AccessTokens } from './access-tokens.ts';
import { PromptCache } from './prompt-cache.ts';

const MAX_KEPT = 10_000;

/** Things by id, each its organization's alone. */
class OwnedStore<T> {
  readonly #entries = new Map<string, { readonly owner: string; readonly value: T }>();

  put(owner: string, id: string, value: T): void {
    this.#entries.delete(id);
    this.#entries.set(id, { owner, value });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_KEPT) break;
      this.#entries.delete(oldest);
    }
  }

  get(owner: string, id: string): T | null {
    const entry = this.#entries.get(id);
    return entry?.owner === owner ? entry.value : null;
  }

  /** False when there was nothing of this owner's. */
  delete(owner: string, id: string): boolean {
    return this.get(owner, id) !== null && this.#entries.delete(id);
  }

  /** Newest first. */
  list(owner: string): T[] {
    const own = [...this.#entries.values()].filter((entry) => entry.owner === owner);
    return own.map(({ value }) => value).toReversed();
  }
}

/** A response of the Responses API, with the conversation that led to it and its own output. */
export interface KeptResponse {
  readonly json: string;
  readonly input: readonly unknown[];
  readonly conversation: readonly unknown[];
}

/** A file as OpenAI's Files API has it, and what is in it. */
export interface KeptFile {
  readonly id: string;
  readonly filename: string;
  readonly purpose: string;
  readonly createdAt: number;
  readonly bytes: Uint8Array;
}

/** A batch; its status moves on each time it is read. */
export interface KeptBatch {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  status: 'validating' | 'in_progress' | 'completed' | 'cancelling' | 'cancelled' | 'failed';
  /** What finishing it adds; null until then. */
  result: Readonly<Record<string, unknown>> | null;
}

/** A fine-tuning job. */
export interface KeptJob {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  status: 'queued' | 'cancelled';
}

/** A vector store. */
export interface KeptStore {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}

/** Everything that is kept; made anew when the provider is reset. */
export class Kept {
  readonly promptCache: PromptCache;
  readonly tokens: AccessTokens;
  readonly responses = new OwnedStore<KeptResponse>();
  /** Output items by their ids. */
  readonly items = new OwnedStore<unknown>();

  readonly files = new OwnedStore<KeptFile>();
  readonly batches = new OwnedStore<KeptBatch>();
  readonly jobs = new OwnedStore<KeptJob>();
  readonly stores = new OwnedStore<KeptStore>();

  constructor(now: () => number) {
    this.promptCache = new PromptCache(now);
    this.tokens = new AccessTokens(now);
  }
}
