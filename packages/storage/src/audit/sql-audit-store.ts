import { randomUUIDv7 } from 'node:crypto';
import type { Kysely } from 'kysely';
import {
  type AuditEntry,
  type AuditEvent,
  type AuditQuery,
  type AuditStore,
  boundedLimit,
} from './audit-store.ts';

export interface AuditEventTable {
  readonly id: string;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail: string;
}

type Db = Kysely<{ audit_event: AuditEventTable }>;

/** Audit events in a SQL database. */
export function sqlAuditStore(db: Db): AuditStore {
  return {
    append: async (entry) => {
      const id = randomUUIDv7();
      const { at, actor, action, target } = entry;
      const detail = JSON.stringify(entry.detail);
      await db
        .insertInto('audit_event')
        .values({ id, at, actor, action, target, detail })
        .execute();
      return { ...entry, id };
    },
    list: (query) => list(db, query),
  };
}

async function list(db: Db, query: AuditQuery): Promise<readonly AuditEvent[]> {
  const { before } = query;
  let rows = db
    .selectFrom('audit_event')
    .selectAll()
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(boundedLimit(query.limit));
  if (before !== undefined) {
    rows = rows.where((where) =>
      where.or([
        where('at', '<', before.at),
        where.and([where('at', '=', before.at), where('id', '<', before.id)]),
      ]),
    );
  }
  return (await rows.execute()).map((row) => ({
    id: row.id,
    at: row.at,
    actor: row.actor,
    action: row.action,
    target: row.target,
    detail: decodeDetail(row.detail),
  }));
}

function decodeDetail(json: string): AuditEntry['detail'] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `append` writes this column
  return JSON.parse(json) as AuditEntry['detail'];
}
