import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { type Described, describeSnapshot } from './describe-snapshot.ts';

/** One thing that differs. Secrets appear as fingerprints. */
export interface Change {
  readonly action: 'added' | 'changed' | 'removed';
  /** `provider`, `key`, `pool`, `model`, `consumer`, `traffic`, `idempotency`, `alert`. */
  readonly kind: string;
  /** `openai`, `openai/a`, `chat`. */
  readonly id: string;
  /** `providers[openai].keys[a].weight`; of the record itself when it was added or removed. */
  readonly path: string;
  /** Shown values, as JSON text; null where there is none. */
  readonly before: string | null;
  readonly after: string | null;
}

/** What publishing `next` instead of `present` would change, record by record, in the file's order. */
export function diffSnapshots(
  present: Omit<Snapshot, 'version' | 'hash'>,
  next: Omit<Snapshot, 'version' | 'hash'>,
): readonly Change[] {
  const before = describeSnapshot(present);
  const after = describeSnapshot(next);
  return [
    ...compareLists(
      { kind: 'provider', root: 'providers', name: 'id' },
      before.providers,
      after.providers,
    ),
    ...compareLists({ kind: 'pool', root: 'pools', name: 'id' }, before.pools, after.pools),
    ...compareLists({ kind: 'model', root: 'models', name: 'alias' }, before.models, after.models),
    ...compareLists(
      { kind: 'consumer', root: 'consumers', name: 'id' },
      before.consumers,
      after.consumers,
    ),
    ...compareRecords(
      { kind: 'traffic', id: 'traffic', path: 'traffic' },
      before.traffic,
      after.traffic,
    ),
    ...compareRecords(
      { kind: 'idempotency', id: 'idempotency', path: 'idempotency' },
      before.idempotency,
      after.idempotency,
    ),
    ...compareLists({ kind: 'alert', root: 'alerts', name: 'id' }, before.alerts, after.alerts),
  ];
}

interface ListOf {
  readonly kind: string;
  readonly root: string;
  readonly name: 'id' | 'alias';
  /** Id of the record the list belongs to. */
  readonly owner?: string;
}

interface RecordOf {
  readonly kind: string;
  readonly id: string;
  readonly path: string;
}

function compareLists(
  of: ListOf,
  before: readonly Described[],
  after: readonly Described[],
): readonly Change[] {
  const old = new Map(before.map((record) => [String(record[of.name]), record]));
  const recent = new Map(after.map((record) => [String(record[of.name]), record]));
  const place = (name: string): RecordOf => ({
    kind: of.kind,
    id: of.owner === undefined ? name : `${of.owner}/${name}`,
    path: `${of.root}[${name}]`,
  });
  const removed = [...old.keys()].filter((name) => !recent.has(name));
  return [
    ...[...recent].flatMap(([name, record]): readonly Change[] => {
      const was = old.get(name);
      if (was !== undefined) return compareRecords(place(name), was, record);
      return [{ action: 'added', ...place(name), before: null, after: JSON.stringify(record) }];
    }),
    ...removed.map((name): Change => {
      const { kind, id, path } = place(name);
      return {
        action: 'removed',
        kind,
        id,
        path,
        before: JSON.stringify(old.get(name)),
        after: null,
      };
    }),
  ];
}

function compareRecords(of: RecordOf, before: Described, after: Described): readonly Change[] {
  return Object.keys(after).flatMap((field): readonly Change[] => {
    const [was, is] = [before[field], after[field]];
    const path = `${of.path}.${field}`;
    if (of.kind === 'provider' && field === 'keys')
      return compareLists(
        { kind: 'key', root: path, name: 'id', owner: of.id },
        recordsOf(was),
        recordsOf(is),
      );
    const [old, recent] = [JSON.stringify(was), JSON.stringify(is)];
    if (old === recent) return [];
    return [{ action: 'changed', kind: of.kind, id: of.id, path, before: old, after: recent }];
  });
}

function recordsOf(value: unknown): readonly Described[] {
  return Array.isArray(value)
    ? value.filter((each) => typeof each === 'object' && each !== null)
    : [];
}
