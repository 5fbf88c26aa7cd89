import { createTried, explain } from './choose.ts';
import { classIn, classOf, dimensionIn, dimensionOf, flagsIn } from './cooldown-codes.ts';
import { boundUntil, readCell, slotCell } from './cooldown-cells.ts';
import { isOwnDomain } from './domain-path.ts';
import { forEachBinding, isEligible } from './eligibility.ts';
import { inFlightOf, type KeyTable } from './key-table.ts';
import { requestsOf, retriesOf } from './retry-budget.ts';
import { FIT, fitOf } from './limit-cells.ts';
import { needFrom, type Need } from './need.ts';
import type { Candidate } from './plan.ts';
import type { UpstreamKeyRecord } from '../snapshot/snapshot.ts';
import type {
  CooldownName,
  CooldownStatus,
  DomainSource,
  KeyStatus,
  PoolStatus,
} from './status.ts';
import { FLAG, KEY_CELL, SLOT } from './table-layout.ts';

/** The smallest call there is: what is kept from it is kept from all. */
const LEAST_NEED: Need = {
  ...needFrom({ tokens: 1, inputTokens: 1, outputTokens: 1 }),
  allowed: 1,
};

/** Every upstream key with what binds it now. `evidenceOf` knows the text that goes with a cooldown; the table holds none. */
export function describeKeys(
  table: KeyTable,
  now: number,
  evidenceOf: (cooldown: CooldownName) => string,
): KeyStatus[] {
  const candidatesOf = Map.groupBy(table.plan.candidates, (candidate) => candidate.keyIndex);
  return table.plan.keys.map((entry) => {
    const cooldowns = entry.scopes.flatMap((scope) => cooldownsOf(table, scope, now, evidenceOf));
    const candidates = candidatesOf.get(entry.index) ?? [];
    const open = candidates.some((candidate) => isOpen(table, candidate, now));
    const counter = (cell: number): number =>
      readCell(table, table.layout.keys + entry.index * KEY_CELL.cells + cell);
    return {
      provider: entry.provider.id,
      key: entry.key.id,
      fingerprint: entry.key.fingerprint,
      domain: entry.domain,
      domainSource: domainSourceOf(entry.key),
      weight: entry.key.weight,
      inFlight: inFlightOf(table, entry.index),
      attempts: counter(KEY_CELL.attempts),
      successes: counter(KEY_CELL.successes),
      failures: counter(KEY_CELL.failures),
      state: stateOf(cooldowns, candidates.length === 0 ? null : open),
      cooldowns,
    };
  });
}

/** Whether anything at all can be asked of a candidate now. */
const isOpen = (table: KeyTable, candidate: Candidate, now: number): boolean =>
  isEligible(table, candidate, now, LEAST_NEED) &&
  fitOf(table, candidate, now, LEAST_NEED) === FIT.fits;

function domainSourceOf(key: UpstreamKeyRecord): DomainSource {
  if (key.domainPinned) return 'pinned';
  if (key.domainInferred) return 'inferred';
  return isOwnDomain(key) ? 'own' : 'named';
}

/** Every pool, tier by tier, with the use of its retry budget. */
export function describePools(table: KeyTable, now: number): PoolStatus[] {
  return [...table.plan.pools.values()].map((pool) => ({
    pool: pool.id,
    tiers: pool.tiers.map((tier) => {
      const { eligible, nextInMs } = explain(table, tier, createTried(), { now });
      return { tier: tier.tier, candidates: tier.candidates.length, eligible, nextInMs };
    }),
    requests10s: requestsOf(table, pool, now),
    retries10s: retriesOf(table, pool, now),
  }));
}

/** Cooled when nothing can be asked of the key; partly when only some of its models or needs are kept away. */
function stateOf(cooldowns: readonly CooldownStatus[], open: boolean | null): KeyStatus['state'] {
  if (cooldowns.length === 0) return 'ready';
  // A key that no pool uses has no model to be open for.
  return (open ?? cooldowns.every(({ scope }) => scope.endsWith('_group')))
    ? 'partly_cooled'
    : 'cooled';
}

function cooldownsOf(
  table: KeyTable,
  scopeIndex: number,
  now: number,
  evidenceOf: (cooldown: CooldownName) => string,
): CooldownStatus[] {
  const scope = table.plan.scopes[scopeIndex];
  const cooldowns: CooldownStatus[] = [];
  if (scope === undefined) return cooldowns;
  forEachBinding(table, scopeIndex, { now }, (slot) => {
    const what = readCell(table, slotCell(table, slot) + SLOT.what);
    const name: CooldownName = {
      scopeId: scope.id,
      class: classOf(classIn(what)),
      dimension: dimensionOf(dimensionIn(what)),
    };
    cooldowns.push({
      ...name,
      scope: scope.kind,
      endsInMs: boundUntil(table, slot) - now,
      authoritative: (flagsIn(what) & FLAG.authoritative) !== 0,
      evidence: evidenceOf(name),
    });
  });
  return cooldowns;
}
