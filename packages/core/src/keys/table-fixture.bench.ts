import { listCooldowns } from './recover.ts';
import { UNKNOWN_CAPABILITIES } from '../snapshot/snapshot.ts';
import type {
  PoolRecord,
  ProviderRecord,
  TargetRecord,
  UpstreamKeyRecord,
} from '../snapshot/snapshot.ts';
import { PLAIN_CHARGE } from './charge-rule.ts';
import { choose, createTried } from './choose.ts';
import { initKeyTable, openKeyTable, type KeyTable } from './key-table.ts';
import { planKeys, type Candidate, type KeyPlan, type TierPlan } from './plan.ts';
import { reserve, settle, type Reservation } from './reserve.ts';
import type { CooldownChange } from './status.ts';
import type { Verdict } from './verdict.ts';

/** Builders that the engine's tests and its stress worker share. */

export function keyOf(id: string, more: Partial<UpstreamKeyRecord> = {}): UpstreamKeyRecord {
  return {
    id,
    value: null,
    fingerprint: `fp-${id}`,
    domain: [],
    domainPinned: true,
    domainInferred: false,
    ownerTenant: null,
    limits: [],
    weight: 1,
    models: [],
    organization: null,
    project: null,
    ...more,
  };
}

export function providerOf(id: string, keys: readonly UpstreamKeyRecord[]): ProviderRecord {
  return {
    id,
    kind: 'openai',
    baseUrl: `https://${id}.test/v1`,
    keys,
    streamUsage: true,
    freeChecks: true,
    charge: PLAIN_CHARGE,
    failures: [],
  };
}

export function targetOf(provider: string, more: Partial<TargetRecord> = {}): TargetRecord {
  const model = more.model ?? 'gpt-5';
  return {
    provider,
    model,
    weight: 1,
    keys: [],
    group: model,
    price: null,
    contextLength: null,
    capabilities: UNKNOWN_CAPABILITIES,
    ...more,
  };
}

export function poolOf(id: string, ...tiers: readonly (readonly TargetRecord[])[]): PoolRecord {
  return {
    id,
    tiers: tiers.map((targets) => ({ targets })),
    deadlineMs: 60_000,
    connectTimeoutMs: 1000,
    firstByteTimeoutMs: 1000,
    idleTimeoutMs: 1000,
    maxStreamDurationMs: 1000,
    retryAmbiguous: 'once',
    maxWaitMs: 0,
    spillAfterMs: 0,
    maxWaiting: 1000,
    strategy: 'headroom',
    affinity: 'none',
    hedge: null,
    continuation: false,
    strictTranslation: false,
    fallbackOn: ['context_length'],
  };
}

/** One provider, one pool, one target over all keys. */
export function planOf(...keys: readonly UpstreamKeyRecord[]): KeyPlan {
  return planKeys({
    providers: [providerOf('openai', keys)],
    pools: [poolOf('chat', [targetOf('openai')])],
  });
}

export function openTable(plan: KeyPlan, workers = 2): KeyTable {
  const buffer = new ArrayBuffer(plan.byteLength(workers));
  initKeyTable(plan, buffer);
  return openKeyTable(plan, buffer, { worker: 1, epoch: 1 });
}

/** A wall clock that runs beside the monotonic one. */
export const WALL_START = 1_800_000_000_000;

export const at = (now: number, random = 0.5) => ({
  now,
  wallNow: WALL_START + now,
  random: () => random,
});

export function verdictOf(verdictClass: Verdict['class'], more: Partial<Verdict> = {}): Verdict {
  return {
    class: verdictClass,
    scope: 'node_group',
    dimension: 'unknown',
    authoritative: false,
    evidence: 'said so',
    ...more,
  };
}

/** A minute's limit whose end the provider named. */
export const retryAfter = (endsInMs: number, more: Partial<Verdict> = {}): Verdict =>
  verdictOf('window_exhausted_short', {
    dimension: 'requests_minute',
    authoritative: true,
    endsInMs,
    ...more,
  });

export function firstTier(table: KeyTable, pool = 'chat'): TierPlan {
  const tier = table.plan.pools.get(pool)?.tiers[0];
  if (tier === undefined) throw new Error(`The plan has no pool ${pool} with a tier.`);
  return tier;
}

export function candidateOf(table: KeyTable, key: string, model = 'gpt-5'): Candidate {
  const found = table.plan.candidates.find((each) => each.key.id === key && each.model === model);
  if (found === undefined) throw new Error(`The plan has no candidate for ${key}.`);
  return found;
}

export function send(table: KeyTable, key: string, now: number, model = 'gpt-5'): Reservation {
  const reservation = reserve(table, candidateOf(table, key, model), now);
  if (reservation === null) throw new Error(`${key} cannot be reserved at ${now}.`);
  return reservation;
}

/** One attempt from start to end. */
export function attempt(
  table: KeyTable,
  key: string,
  verdict: Verdict,
  now: number,
): CooldownChange[] {
  return settle(table, send(table, key, now), verdict, at(now));
}

/** Keys that can be chosen now. */
export function eligibleKeys(table: KeyTable, now: number): readonly string[] {
  const tier = firstTier(table);
  const tried = createTried();
  const keys: string[] = [];
  for (;;) {
    const candidate = choose(table, tier, tried, { now, random: () => 0.5 });
    if (candidate === null) return keys.toSorted();
    keys.push(candidate.key.id);
    tried.candidates.add(candidate.index);
  }
}

/** Random numbers that are the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What the stress test and its workers share: two organizations with two projects each, and a key on its own. */
export function stressPlan(): KeyPlan {
  return planOf(
    keyOf('a', { domain: ['org-1', 'project-a'] }),
    keyOf('b', { domain: ['org-1', 'project-b'], weight: 2 }),
    keyOf('c', { domain: ['org-2', 'project-a'] }),
    keyOf('d', { domain: ['org-2', 'project-b'] }),
    keyOf('e'),
  );
}

/** Two keys of projects of one organization, and one of another. */
export const twoOrgs = () =>
  openTable(
    planOf(
      keyOf('a', { domain: ['org-1', 'project-a'] }),
      keyOf('b', { domain: ['org-1', 'project-b'] }),
      keyOf('c', { domain: ['org-2'] }),
    ),
  );

/** When the last cooldown ends, milliseconds from the start; 0 where there is none. */
export const endOf = (table: KeyTable, now: number): number => {
  const ends = listCooldowns(table, at(now)).map((row) => row.endsAt - WALL_START);
  return Math.max(0, ...ends);
};
