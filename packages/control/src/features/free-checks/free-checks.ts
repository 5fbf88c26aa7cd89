import type { CooldownStatus, KeyStatus } from '@keywell/core/keys/status';
import type { ProviderRecord, UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import { configured } from '@keywell/providers/compatible/configured';
import { readCredential } from '@keywell/providers/compatible/credential';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import type { DataPlane } from '../../ports/data-plane.ts';
import type { AuditStore } from '../../ports/stores.ts';
import { endedOf, showClearing } from '../keys/cleared-read-model.ts';
import { type FreeFetch, freeCall, freeUrl } from './free-call.ts';

const MINUTE_MS = 60_000;
const DEADLINE_MS = 10_000;
/** Least and greatest distance of two looks at one key; the distance doubles where a key stays dead. */
const PACE = {
  funds_exhausted: { leastMs: 5 * MINUTE_MS, mostMs: 5 * MINUTE_MS },
  credential_dead: { leastMs: 15 * MINUTE_MS, mostMs: 6 * 60 * MINUTE_MS },
} as const;
type CheckedClass = keyof typeof PACE;
/** On top of the distance, so that keys do not come in step. */
const JITTER = 0.2;
/** Looks of one round: the rest waits for the next. */
const MAX_A_ROUND = 8;
/** A key that was published somewhere stays dead, whatever its provider says: rules that find that out have it in their names. */
const LEAKED = /leak/i;

export interface FreeCheckPorts {
  readonly dataPlane: Pick<DataPlane, 'keys' | 'clearCooldowns'>;
  /** The providers in force. */
  readonly providers: () => readonly ProviderRecord[];
  readonly vendorOf: (kind: string) => Vendor | null;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly fetch: FreeFetch;
  /** A signal that fires after so many milliseconds. */
  readonly deadline: (ms: number) => AbortSignal;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly wallNow: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly onEvent: (event: FreeCheckEvent) => void;
}

/** `restored`: the cooldown was ended. `still`: the provider says that nothing has changed. */
export type FreeCheckResult = 'restored' | 'still' | 'unknown' | 'failed';

export interface FreeCheckEvent {
  readonly provider: string;
  readonly key: string;
  readonly class: CheckedClass;
  readonly result: FreeCheckResult;
  /** 0 where no answer came. */
  readonly status: number;
}

/** A cooldown to be looked at, and the key it is looked at with. */
interface Target {
  readonly class: CheckedClass;
  readonly cooldown: CooldownStatus;
  /** When it ends, on the monotonic clock. */
  readonly endsAt: number;
  readonly provider: ProviderRecord;
  readonly key: UpstreamKeyRecord;
  readonly vendor: Vendor;
  readonly url: string;
}

interface Turn {
  readonly at: number;
  readonly looks: number;
}

/**
 * Looks, slowly, whether keys that ran out of money or were refused are well again, by calls that the vendor does not charge for, and
 * ends their cooldowns early. One key of each cooled domain is asked; a key that was reported as leaked never is.
 */
export class FreeChecks {
  readonly #ports: FreeCheckPorts;
  readonly #turns = new Map<string, Turn>();
  readonly #counts = new Map<string, number>();
  readonly #stopped = new AbortController();
  #round: Promise<void> | null = null;

  constructor(ports: FreeCheckPorts) {
    this.#ports = ports;
  }

  /** Makes the looks that are due; to be called now and then. Never rejects, and never runs twice at once. */
  tick(): Promise<void> {
    this.#round ??= this.#makeRound().finally(() => {
      this.#round = null;
    });
    return this.#round;
  }

  /** How many looks had which result. */
  counts(): readonly {
    readonly provider: string;
    readonly result: FreeCheckResult;
    readonly count: number;
  }[] {
    return [...this.#counts].map(([name, count]) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by #count
      const [provider, result] = JSON.parse(name) as [string, FreeCheckResult];
      return { provider, result, count };
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#round;
  }

  async #makeRound(): Promise<void> {
    const now = this.#ports.now();
    const targets = this.#targets();
    const names = new Set(targets.map(nameOf));
    for (const name of this.#turns.keys()) if (!names.has(name)) this.#turns.delete(name);
    const due = targets.filter((target) => this.#isDue(target, now)).slice(0, MAX_A_ROUND);
    for (const target of due) {
      if (this.#stopped.signal.aborted) return;
      this.#plan(target, this.#ports.now());
      await this.#look(target);
    }
  }

  /** What is cooled and can be looked at: for each cooldown the first key that it binds, and each key once. */
  #targets(): readonly Target[] {
    const targets = new Map<string, Target>();
    const keys = new Set<string>();
    for (const status of this.#ports.dataPlane.keys()) {
      if (status.cooldowns.some(({ evidence }) => LEAKED.test(evidence))) continue;
      for (const cooldown of status.cooldowns) {
        const name = `${cooldown.class} ${cooldown.scopeId}`;
        const target = targets.has(name) ? null : this.#targetOf(status, cooldown);
        if (target === null || keys.has(nameOf(target))) continue;
        targets.set(name, target);
        keys.add(nameOf(target));
      }
    }
    return [...targets.values()];
  }

  #targetOf(status: KeyStatus, cooldown: CooldownStatus): Target | null {
    if (cooldown.class !== 'funds_exhausted' && cooldown.class !== 'credential_dead') return null;
    const provider = this.#ports.providers().find(({ id }) => id === status.provider);
    const key = provider?.keys.find(({ id }) => id === status.key);
    if (provider?.freeChecks !== true || key === undefined || key.value === null) return null;
    const vendor = this.#vendorOf(provider);
    const check =
      cooldown.class === 'funds_exhausted' ? vendor?.balanceCheck : vendor?.credentialCheck;
    if (vendor === null || check === undefined || check === null) return null;
    // others are signed or exchanged for a token, which is the data plane's to do
    const reading = readCredential(key.value.reveal(), vendor.credentials);
    if (!reading.ok || reading.credential.kind !== 'plain') return null;
    const below = cooldown.class === 'funds_exhausted' ? 'host' : 'base';
    const url = freeUrl(provider.baseUrl, check.path, below);
    if (url === null) return null;
    const endsAt = this.#ports.now() + cooldown.endsInMs;
    return { class: cooldown.class, cooldown, endsAt, provider, key, vendor, url };
  }

  /** As the provider's record has it: how a key is shown may be declared. */
  #vendorOf(provider: ProviderRecord): Vendor | null {
    const known = this.#ports.vendorOf(provider.kind);
    return known === null ? null : configured(known, provider);
  }

  #isDue(target: Target, now: number): boolean {
    const turn = this.#turns.get(nameOf(target));
    if (turn === undefined) this.#plan(target, now);
    return turn !== undefined && turn.at <= now;
  }

  #plan(target: Target, now: number): void {
    const looks = this.#turns.get(nameOf(target))?.looks ?? 0;
    const { leastMs, mostMs } = PACE[target.class];
    const waitMs = Math.min(mostMs, leastMs * 2 ** Math.min(30, Math.max(0, looks - 1)));
    const at = now + waitMs * (1 + JITTER * this.#ports.random());
    this.#turns.set(nameOf(target), { at, looks: looks + 1 });
  }

  async #look(target: Target): Promise<void> {
    const signal = AbortSignal.any([this.#ports.deadline(DEADLINE_MS), this.#stopped.signal]);
    try {
      const answer = await freeCall(this.#ports.fetch, target.url, { ...target, signal });
      const verdict = answer.body === null ? 'unknown' : read(target, answer.status, answer.body);
      const restored = verdict === 'restored' && (await this.#restore(target));
      this.#tell(target, verdict === 'restored' && !restored ? 'still' : verdict, answer.status);
    } catch {
      // An answer that did not come says nothing about the key.
      this.#tell(target, 'failed', 0);
    }
  }

  /** Ends the cooldown that was looked at, unless a later refusal has set it anew meanwhile. */
  async #restore(target: Target): Promise<boolean> {
    const { dataPlane, audit, wallNow, now } = this.#ports;
    const { cooldown, provider, key } = target;
    const before = dataPlane.keys();
    const standing = before
      .find((each) => each.provider === provider.id && each.key === key.id)
      ?.cooldowns.find(
        (each) => each.scopeId === cooldown.scopeId && each.class === cooldown.class,
      );
    const endsAt = now() + (standing?.endsInMs ?? 0);
    const fresher = endsAt > target.endsAt + SAME_END_MS;
    if (standing === undefined || fresher) return false;
    const filter = { scopeId: cooldown.scopeId, class: cooldown.class };
    const ended = endedOf(dataPlane.clearCooldowns(filter), before);
    await audit.append({
      at: wallNow(),
      actor: 'keywell',
      action: 'cooldown.cleared',
      target: `${provider.id}/${key.id}`,
      detail: {
        ...showClearing(ended, before, dataPlane.keys()),
        why: 'free_check',
        asked: new URL(target.url).pathname,
      },
    });
    return ended.length > 0;
  }

  #tell(target: Target, result: FreeCheckResult, status: number): void {
    const name = JSON.stringify([target.provider.id, result]);
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    const { provider, key } = target;
    this.#ports.onEvent({
      provider: provider.id,
      key: key.id,
      class: target.class,
      result,
      status,
    });
  }
}

/** Ends are told from two clocks: a difference below this is none. */
const SAME_END_MS = 1000;

/** One turn for each credential, whatever is wrong with it. */
const nameOf = ({ provider, key }: Target): string =>
  JSON.stringify([provider.id, key.id, key.fingerprint]);

function read(target: Target, status: number, body: string): 'restored' | 'still' | 'unknown' {
  const { balanceCheck, credentialCheck } = target.vendor;
  const said =
    target.class === 'funds_exhausted'
      ? balanceCheck?.read(status, body)
      : credentialCheck?.read(status);
  if (said === 'funded' || said === 'accepted') return 'restored';
  return said === 'empty' || said === 'refused' ? 'still' : 'unknown';
}
