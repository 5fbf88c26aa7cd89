import type {
  KeyConfig,
  ProviderConfig,
  TargetConfig,
} from '@keywell/contract/config/config-schema';
import { prefixPattern } from '@keywell/core/keys/failure-pattern';
import type { FailureRecord } from '@keywell/core/keys/failure-record';
import type { DeclaredLimit, TargetRecord } from '@keywell/core/snapshot/snapshot';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import { compilePrice, type ModelFacts } from './model-facts.ts';

const MICROS = 1_000_000;

/** The rows that an operator declared, as plain data. */
export function compileFailures(rows: ProviderConfig['failures']): readonly FailureRecord[] {
  return rows.map((row) => ({
    name: row.name,
    status: (row.status ?? []).map((status) => [status, status] as const),
    code: (row.code ?? []).map((code) => code.toLowerCase()),
    type: (row.type ?? []).map((type) => type.toLowerCase()),
    message:
      row.message_pattern ??
      (row.message_prefix === undefined ? null : prefixPattern(row.message_prefix)),
    class: row.class,
    scope: row.scope,
    level: row.level ?? null,
    dimension: row.dimension ?? null,
    ends: row.ends,
  }));
}

/** The limits that are declared of a key's domain. */
export function compileLimits(limits: KeyConfig['limits']): readonly DeclaredLimit[] {
  return limits.map(({ dimension, limit, refill, models }) => ({
    dimension,
    limit: dimension.startsWith('spend_') ? Math.round(limit * MICROS) : limit,
    refill,
    groups: models,
  }));
}

/** What is known beside the file of where a target leads. */
export interface TargetSurroundings {
  readonly vendor: Vendor | null;
  readonly facts: ModelFacts;
}

/** A target with what its vendor says of its model, and the catalogue where the file says nothing. */
export function compileTarget(
  target: TargetConfig,
  { vendor, facts }: TargetSurroundings,
): TargetRecord {
  const { provider, model, weight, keys } = target;
  const { capabilities } = facts;
  const contextLength = target.context_length ?? capabilities.contextLength;
  return {
    provider,
    model,
    weight,
    keys,
    group: target.limit_group ?? vendor?.limitGroup(model) ?? model,
    price: target.price === undefined ? facts.price : compilePrice(target.price),
    contextLength,
    capabilities:
      contextLength === capabilities.contextLength
        ? capabilities
        : { ...capabilities, contextLength },
  };
}
