import {
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { type SqliteConnection, SqliteDriver } from './sqlite-driver.ts';

/** SQLite undoes schema changes with their transaction, which Kysely's own adapter does not claim. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Kysely on an open node:sqlite connection. */
export class SqliteDialect implements Dialect {
  readonly #connection: SqliteConnection;
  readonly #close: () => void;

  constructor(connection: SqliteConnection, close: () => void) {
    this.#connection = connection;
    this.#close = close;
  }

  createDriver(): Driver {
    return new SqliteDriver(this.#connection, this.#close);
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter();
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- the signature is Kysely's
  createIntrospector(db: Kysely<any>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}
