import { randomUUIDv7 } from 'node:crypto';
import type { AlertKind } from '@keywell/core/forecast/alert-rules';
import type { Kysely } from 'kysely';
import {
  boundedAlertLimit,
  MAX_ALERTS,
  type AlertEvent,
  type AlertQuery,
  type AlertStore,
} from './alert-store.ts';

export interface AlertTable {
  readonly id: string;
  readonly at: number;
  readonly ended_at: number | null;
  readonly kind: string;
  readonly subject: string;
  readonly rule: string;
  readonly pool: string | null;
  readonly message: string;
}

type Db = Kysely<{ alert: AlertTable }>;

/** Alerts in a SQL database. */
export function sqlAlertStore(db: Db): AlertStore {
  return {
    append: async (raised, at) => {
      const endedAt = raised.kind === 'pool_recovered' ? at : null;
      const event: AlertEvent = { ...raised, id: randomUUIDv7(), at, endedAt };
      const { kind, subject, rule, pool, message, id } = event;
      await db
        .insertInto('alert')
        .values({ id, at, ended_at: endedAt, kind, subject, rule, pool, message })
        .execute();
      await dropOldest(db);
      return event;
    },
    end: async ({ kind, subject, rule }, at) => {
      await db
        .updateTable('alert')
        .set({ ended_at: at })
        .where('ended_at', 'is', null)
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .where('rule', '=', rule)
        .execute();
    },
    list: (query) => list(db, query),
  };
}

async function dropOldest(db: Db): Promise<void> {
  const last = await db
    .selectFrom('alert')
    .select(['at', 'id'])
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .offset(MAX_ALERTS - 1)
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return;
  await db
    .deleteFrom('alert')
    .where((where) =>
      where.or([
        where('at', '<', last.at),
        where.and([where('at', '=', last.at), where('id', '<', last.id)]),
      ]),
    )
    .execute();
}

async function list(db: Db, query: AlertQuery): Promise<readonly AlertEvent[]> {
  const { before } = query;
  let rows = db
    .selectFrom('alert')
    .selectAll()
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(boundedAlertLimit(query.limit));
  if (query.activeOnly === true) rows = rows.where('ended_at', 'is', null);
  if (before !== undefined) {
    rows = rows.where((where) =>
      where.or([
        where('at', '<', before.at),
        where.and([where('at', '=', before.at), where('id', '<', before.id)]),
      ]),
    );
  }
  return (await rows.execute()).map(toEvent);
}

function toEvent(row: AlertTable): AlertEvent {
  const { id, at, subject, rule, pool, message } = row;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `append` writes this column
  const kind = row.kind as AlertKind;
  return { id, at, endedAt: row.ended_at, kind, subject, rule, pool, message };
}
