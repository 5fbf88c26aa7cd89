/** The tables of a month. */
import type { DuckDBConnection } from '@duckdb/node-api';

/**
 * An entry is what every record has of its own; a shape is what can be asked for and many records have in common. Blocks are compressed
 * already; DuckDB would only spend time on trying.
 */
const TABLES = [
  `entry (started_at BIGINT NOT NULL, id VARCHAR NOT NULL, shape INTEGER NOT NULL, block INTEGER NOT NULL, line SMALLINT NOT NULL)`,
  `shape (shape INTEGER NOT NULL, status SMALLINT NOT NULL, error_code VARCHAR,
    consumer VARCHAR, model VARCHAR, provider VARCHAR, key VARCHAR)`,
  `block (block BIGINT NOT NULL, last_at BIGINT NOT NULL, data BLOB NOT NULL USING COMPRESSION uncompressed)`,
];

const SHAPE = 'status, error_code, consumer, model, provider, key';

/** Makes the tables of an attached month that are missing, and brings a month of the first layout into today's. */
export async function prepareTables(writer: DuckDBConnection, alias: string): Promise<void> {
  for (const table of TABLES) await writer.run(`CREATE TABLE IF NOT EXISTS ${alias}.${table}`);
  const tables = await writer.runAndReadAll(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = $1 AND table_name = 'request'`,
    [alias.slice(1, -1)],
  );
  if (tables.getRows().length === 0) return;
  await writer.run('BEGIN');
  try {
    for (const statement of fromFirstLayout(alias)) await writer.run(statement);
    await writer.run('COMMIT');
  } catch (error) {
    await writer.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** The first layout had one wide table, `request`. */
function fromFirstLayout(alias: string): readonly string[] {
  const same = SHAPE.split(', ').map((name) => `r.${name} IS NOT DISTINCT FROM s.${name}`);
  return [
    `INSERT INTO ${alias}.shape
      SELECT (SELECT coalesce(max(shape), -1) FROM ${alias}.shape) + row_number() OVER (), ${SHAPE}
      FROM (SELECT DISTINCT ${SHAPE} FROM ${alias}.request)`,
    `INSERT INTO ${alias}.entry
      SELECT r.started_at, r.id, s.shape, r.block, r.line
      FROM ${alias}.request r JOIN (SELECT min(shape) AS shape, ${SHAPE} FROM ${alias}.shape GROUP BY ALL) s
        ON ${same.join(' AND ')}`,
    `DROP TABLE ${alias}.request`,
  ];
}
