/** DuckDB with the months of the log attached to it: one connection that writes, one that reads. */
import { chmodSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { messageOf } from '../storage-error.ts';
import type { LogShape } from './log-row.ts';
import { prepareTables } from './log-schema.ts';
import type { LogThreadSettings } from './log-thread-protocol.ts';
import { type Month, fileOf, moveAside, removeMonth } from './month-files.ts';
import type { LogWarning } from './request-log.ts';

const MAX_ATTACHED = 4;
const DAMAGED =
  /not a valid DuckDB|corrupt|checksum|replaying WAL|read enough bytes|Serialization Error|newer version|incompatible|deserializ/i;
const JOURNAL_DAMAGED = /replaying WAL|Corrupt WAL/i;

interface Session {
  readonly instance: DuckDBInstance;
  readonly writer: DuckDBConnection;
  readonly reader: DuckDBConnection;
}

/** A month that can be used in SQL under its alias. */
export interface AttachedMonth {
  readonly month: Month;
  /** Quoted for SQL. */
  readonly alias: string;
  nextBlock: number;
  /** The numbers of the shapes that this month is known to hold. */
  readonly shapes: {
    next: number;
    readonly byObject: WeakMap<LogShape, number>;
    readonly byText: Map<string, number>;
  };
}

/**
 * Calls that attach, detach or write come one after the other (the thread sees to it); one query may run beside them. Whatever takes
 * a month away first stops that query.
 */
export class LogDatabase {
  readonly #settings: LogThreadSettings;
  readonly #warn: (warning: LogWarning) => void;
  #session: Session | null = null;
  /** In the order of their last use. */
  readonly #attached = new Map<Month, AttachedMonth>();
  #query: { readonly month: Month; readonly done: Promise<unknown> } | null = null;

  constructor(settings: LogThreadSettings, warn: (warning: LogWarning) => void) {
    this.#settings = settings;
    this.#warn = warn;
  }

  get dir(): string {
    return this.#settings.dir;
  }

  /** The connection that writes. */
  async writer(): Promise<DuckDBConnection> {
    return (await this.#open()).writer;
  }

  /** Makes a month usable; null when it has no file and `create` is false. A damaged file is moved aside first. */
  async attach(month: Month, create: boolean): Promise<AttachedMonth | null> {
    const known = this.#attached.get(month);
    if (known !== undefined) {
      this.#attached.delete(month);
      this.#attached.set(month, known);
      return known;
    }
    const file = fileOf(this.dir, month);
    if (existsSync(file) && statSync(file).size === 0) removeMonth(this.dir, month); // killed at its creation
    if (!create && !existsSync(file)) return null;
    await this.#makeRoom();
    const attached = await this.#attachSafely(month);
    if (attached !== null) this.#attached.set(month, attached);
    else if (create) return this.attach(month, true);
    return attached;
  }

  /** Runs one query on a month; stops it at the deadline. */
  async read(
    month: Month,
    query: { readonly sql: string; readonly values: readonly DuckDBValue[] },
    deadlineMs: number,
  ): Promise<readonly (readonly unknown[])[]> {
    const { reader } = await this.#open();
    const timer = setTimeout(() => {
      reader.interrupt();
    }, deadlineMs);
    const done = reader.runAndReadAll(query.sql, [...query.values]);
    this.#query = { month, done: done.catch(() => undefined) };
    try {
      return (await done).getRows();
    } finally {
      clearTimeout(timer);
      this.#query = null;
    }
  }

  /** Takes a month out of use; its journal is folded into its file on the way. */
  async detach(month: Month): Promise<void> {
    const attached = this.#attached.get(month);
    if (attached === undefined || this.#session === null) return;
    await this.#stopQuery();
    this.#attached.delete(month);
    await this.#session.writer.run(`DETACH ${attached.alias}`);
  }

  /** Moves a damaged month out of the way. */
  async quarantine(month: Month, why: string): Promise<void> {
    await this.close();
    const aside = moveAside(this.dir, month, 'all');
    this.#warn({
      code: 'corrupt_file',
      message: `${fileOf(this.dir, month)} is damaged and was moved to ${aside}; a new file takes its place. ${why}`,
    });
  }

  /** Folds the journals into their files. */
  async checkpoint(): Promise<void> {
    await this.#stopQuery();
    for (const { alias } of this.#attached.values()) {
      await this.#session?.writer.run(`CHECKPOINT ${alias}`);
    }
  }

  /** Lets go of every file; the next use opens them again. */
  async close(): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    await this.#stopQuery();
    this.#session = null;
    this.#attached.clear();
    session.reader.closeSync();
    session.writer.closeSync();
    session.instance.closeSync();
  }

  async #open(): Promise<Session> {
    if (this.#session !== null) return this.#session;
    const { dir, memoryLimitMb } = this.#settings;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const overflow = join(dir, 'overflow');
    rmSync(overflow, { recursive: true, force: true });
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryLimitMb}MiB`,
      threads: '1',
      temp_directory: overflow,
      max_temp_directory_size: '256MiB',
      wal_autocheckpoint: '8MiB',
      allocator_flush_threshold: '1MiB',
      allocator_bulk_deallocation_flush_threshold: '8MiB',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const writer = await instance.connect();
    const reader = await instance.connect();
    this.#session = { instance, writer, reader };
    return this.#session;
  }

  /** Null when the file was damaged and is out of the way now. */
  async #attachSafely(month: Month): Promise<AttachedMonth | null> {
    try {
      return await this.#attachFile(month);
    } catch (error) {
      const why = messageOf(error);
      if (!DAMAGED.test(why)) throw error;
      if (JOURNAL_DAMAGED.test(why)) {
        const aside = moveAside(this.dir, month, 'journal');
        this.#warn({
          code: 'corrupt_file',
          message: `the journal of ${fileOf(this.dir, month)} is damaged and was moved to ${aside}; its last records are missing. ${why}`,
        });
        return await this.#attachSafely(month);
      }
      await this.quarantine(month, why);
      return null;
    }
  }

  async #attachFile(month: Month): Promise<AttachedMonth> {
    const { writer } = await this.#open();
    const file = fileOf(this.dir, month);
    const alias = `"${month}"`;
    await writer.run(`ATTACH '${file.replaceAll("'", "''")}' AS ${alias}`);
    try {
      chmodSync(file, 0o600);
      await prepareTables(writer, alias);
      const last = await writer.runAndReadAll(
        `SELECT (SELECT max(block) FROM ${alias}.block), (SELECT max(shape) FROM ${alias}.shape)`,
      );
      const [block, shape] = last.getRows()[0] ?? [];
      return {
        month,
        alias,
        nextBlock: Number(block ?? -1) + 1,
        shapes: { next: Number(shape ?? -1) + 1, byObject: new WeakMap(), byText: new Map() },
      };
    } catch (error) {
      await writer.run(`DETACH ${alias}`).catch(() => undefined);
      throw error;
    }
  }

  async #makeRoom(): Promise<void> {
    for (const month of this.#attached.keys()) {
      if (this.#attached.size < MAX_ATTACHED) return;
      if (this.#query?.month !== month) await this.detach(month);
    }
  }

  async #stopQuery(): Promise<void> {
    if (this.#query === null) return;
    this.#session?.reader.interrupt();
    await this.#query.done;
  }
}

/** Whether an error means that a file's content cannot be trusted. */
export function isDamage(error: unknown): boolean {
  return DAMAGED.test(messageOf(error));
}
