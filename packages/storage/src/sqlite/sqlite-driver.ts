/** Kysely's driver over node:sqlite: one connection, taken in turn, with a bounded cache of prepared statements. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryCompiler,
  type QueryResult,
} from 'kysely';

const MAX_STATEMENTS = 200;

/** The one connection. Every statement runs to its end inside the call, so only transactions need the turn. */
export class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Runs one statement at once. */
  runNow(sql: string, parameters: readonly unknown[]): QueryResult<unknown> {
    const statement = this.#prepare(sql);
    const values = parameters.map(toSqlValue);
    if (statement.columns().length > 0) return { rows: statement.all(...values) };
    const { changes } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  /** Runs several statements as one transaction at once; all or none take effect. */
  runAllNow(queries: readonly CompiledQuery[]): void {
    this.#database.exec('begin immediate');
    try {
      for (const query of queries) this.runNow(query.sql, query.parameters);
      this.#database.exec('commit');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('rollback');
      throw error;
    }
  }

  // oxlint-disable-next-line typescript/require-await -- Kysely's interface is asynchronous, node:sqlite is not
  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Kysely names the row type, SQLite cannot
    return this.runNow(query.sql, query.parameters) as QueryResult<Row>;
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    const statement = this.#database.prepare(query.sql); // its own cursor, never the cached one
    for (const row of statement.iterate(...query.parameters.map(toSqlValue))) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      yield { rows: [row as Row] };
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > MAX_STATEMENTS) {
      const oldest = this.#statements.keys().next();
      if (oldest.done !== true) this.#statements.delete(oldest.value);
    }
    return statement;
  }
}

/** Hands the one connection to one holder at a time, in the order of asking. */
export class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #close: () => void;
  #turn: Promise<void> = Promise.resolve();
  #pass: (() => void) | null = null;

  constructor(connection: SqliteConnection, close: () => void) {
    this.#connection = connection;
    this.#close = close;
  }

  async init(): Promise<void> {
    // the connection is open already
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    this.#pass = resolve;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    const pass = this.#pass;
    this.#pass = null;
    pass?.();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // taking the write lock first means that a transaction never fails half way because another process wrote
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async savepoint(
    connection: DatabaseConnection,
    name: string,
    _compile: QueryCompiler['compileQuery'],
  ): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`savepoint ${quoted(name)}`));
  }

  async rollbackToSavepoint(
    connection: DatabaseConnection,
    name: string,
    _compile: QueryCompiler['compileQuery'],
  ): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`rollback to ${quoted(name)}`));
  }

  async releaseSavepoint(
    connection: DatabaseConnection,
    name: string,
    _compile: QueryCompiler['compileQuery'],
  ): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`release ${quoted(name)}`));
  }

  async destroy(): Promise<void> {
    this.#close();
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function toSqlValue(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return value;
  }
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a ${typeof value} cannot be stored: use text, a number or bytes`);
}
