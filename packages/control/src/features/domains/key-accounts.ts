import {
  accountPlace,
  sameAccount,
  type AccountSighting,
  type KnownAccount,
} from '@keywell/core/keys/account';
import type { AccountStore, StoredAccount } from '../../ports/stores.ts';

/** Changes that come within this time of each other count as a run. */
const RUN_MS = 60 * 60_000;
/** After so many changes in a run a provider is not believed about the key any more. */
const MAX_CHANGES = 3;

export interface KeyAccountOptions {
  readonly store: AccountStore;
  /** What the store held at the start. */
  readonly stored: readonly StoredAccount[];
  /** Wall clock, epoch milliseconds. */
  readonly wallNow: () => number;
  /** Called after something was learned that may place keys elsewhere; several calls may come close together. */
  readonly onLearned: () => void;
  readonly onEvent: (event: AccountEvent) => void;
}

/** What the operator should hear of. */
export type AccountEvent =
  | {
      readonly kind: 'account_named';
      readonly provider: string;
      readonly key: string;
      readonly organization: string;
      readonly project: string | null;
    }
  /** Responses name one account, then another, again and again: none of them counts. */
  | { readonly kind: 'account_unsteady'; readonly provider: string; readonly key: string }
  | { readonly kind: 'account_not_saved'; readonly reason: string };

/**
 * The accounts that responses named, by credential. The last word holds and is kept on disk; a provider that says something else each
 * time is not believed, so that its keys go back to where the configuration puts them instead of moving with every answer.
 */
export class KeyAccounts {
  readonly #options: KeyAccountOptions;
  readonly #byPlace: Map<string, StoredAccount>;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: KeyAccountOptions) {
    this.#options = options;
    this.#byPlace = new Map(options.stored.map((each) => [accountPlace(each), each]));
  }

  /** What may place keys. */
  known(): readonly KnownAccount[] {
    return [...this.#byPlace.values()].filter(isSteady).map(knownOf);
  }

  /** Whether the key's provider has named too many accounts to be believed. */
  isUnsteady(of: Pick<KnownAccount, 'baseUrl' | 'ownerTenant' | 'fingerprint'>): boolean {
    const stored = this.#byPlace.get(accountPlace(of));
    return stored !== undefined && !isSteady(stored);
  }

  /** Takes in what a worker saw. Cheap when it says nothing new. */
  seen(sighting: AccountSighting): void {
    const { provider, key, baseUrl, ownerTenant, fingerprint, account } = sighting;
    if (fingerprint === '') return;
    const place = accountPlace(sighting);
    const before = this.#byPlace.get(place);
    if (before !== undefined && sameAccount(before, account)) return;
    const now = this.#options.wallNow();
    const inRun = before !== undefined && now - before.changedAt < RUN_MS;
    if (inRun && !isSteady(before)) return;
    const changes = before === undefined ? 0 : inRun ? before.changes + 1 : 1;
    const credential = { baseUrl, ownerTenant, fingerprint };
    const stored = { ...credential, ...account, changedAt: now, changes };
    this.#byPlace.set(place, stored);
    this.#save(stored);
    this.#options.onEvent(
      isSteady(stored)
        ? { kind: 'account_named', provider, key, ...account }
        : { kind: 'account_unsteady', provider, key },
    );
    this.#options.onLearned();
  }

  /** Resolves when everything learned so far is written, or could not be. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #save(account: StoredAccount): void {
    this.#writing = this.#writing
      .then(() => this.#options.store.put(account))
      .catch((error: unknown) =>
        // What was learned holds all the same; only a restart would have to learn it again.
        this.#options.onEvent({ kind: 'account_not_saved', reason: String(error) }),
      );
  }
}

const isSteady = ({ changes }: StoredAccount): boolean => changes <= MAX_CHANGES;

function knownOf(stored: StoredAccount): KnownAccount {
  const { baseUrl, ownerTenant, fingerprint, organization, project } = stored;
  return { baseUrl, ownerTenant, fingerprint, account: { organization, project } };
}
