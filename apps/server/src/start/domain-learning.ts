import type { Logger } from 'pino';
import type { DomainPorts } from '@keywell/control/features/domains/domain-service';
import { KeyAccounts } from '@keywell/control/features/domains/key-accounts';
import type { LiveConfiguration } from '@keywell/control/configuration/live-configuration';
import { domainPaths } from '@keywell/core/keys/domain-path';
import { FlowLedger } from '@keywell/core/keys/flow-ledger';
import type { AccountStore } from '@keywell/storage/accounts/account-store';

/** First responses of many keys come together: they make one publication. */
const SETTLE_MS = 500;
/** Publications that follow from responses keep at least this distance. */
const APART_MS = 5000;

type Followed = Pick<LiveConfiguration, 'refreshDomains' | 'snapshot'>;

export interface DomainLearning {
  readonly accounts: KeyAccounts;
  readonly flows: FlowLedger;
  /** From here on what is learned is put in force there. */
  follow(configuration: Followed): void;
  stop(): Promise<void>;
}

/** Lets responses place keys: accounts are kept as they come, and published a moment later. */
export async function startDomainLearning(
  store: AccountStore,
  log: Logger,
): Promise<DomainLearning> {
  let followed: Followed | null = null;
  let timer: NodeJS.Timeout | null = null;
  let publishedAt = -Infinity;
  let learned = false;
  const publish = async (): Promise<void> => {
    timer = null;
    learned = false;
    publishedAt = performance.now();
    if (followed === null) return;
    const before = placesOf(followed);
    try {
      await followed.refreshDomains();
      const moved = [...placesOf(followed)].filter(([key, domain]) => before.get(key) !== domain);
      const moves = moved.map(([key, domain]) => `${key}: ${before.get(key) ?? ''} → ${domain}`);
      if (moves.length > 0) log.info({ moves }, 'keys placed by the accounts their responses name');
    } catch (error) {
      // The accounts stay known: the next thing learned, or the next reload, puts them in force.
      log.error({ reason: String(error) }, 'inferred domains could not be published');
    }
  };
  const schedule = (): void => {
    learned = true;
    if (timer !== null || followed === null) return;
    const waitMs = Math.max(SETTLE_MS, publishedAt + APART_MS - performance.now());
    timer = setTimeout(() => void publish(), waitMs);
  };
  const accounts = new KeyAccounts({
    store,
    stored: await store.list(),
    wallNow: Date.now,
    onLearned: schedule,
    onEvent: (event) => {
      if (event.kind === 'account_named') log.info(event, 'domains');
      else log.warn(event, 'domains');
    },
  });
  return {
    accounts,
    flows: new FlowLedger(),
    follow(next) {
      followed = next;
      if (learned) schedule();
    },
    async stop() {
      followed = null;
      if (timer !== null) clearTimeout(timer);
      await accounts.settled();
    },
  };
}

/** Where every key is, by its name; inferred places are marked. */
function placesOf(configuration: Followed): ReadonlyMap<string, string> {
  return new Map(
    configuration.snapshot().providers.flatMap((provider) =>
      provider.keys.map((key): [string, string] => {
        const path = domainPaths(provider, key).at(-1) ?? '';
        return [`${provider.id}/${key.id}`, key.domainInferred ? `${path} (inferred)` : path];
      }),
    ),
  );
}

/** What the admin API shows of it. */
export function domainPorts({ accounts, flows }: DomainLearning): DomainPorts['domains'] {
  return {
    known: () => accounts.known(),
    isUnsteady: (of) => accounts.isUnsteady(of),
    suggestions: () => flows.suggestions(),
  };
}
