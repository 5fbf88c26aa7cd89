import type { LogDatabase } from './log-database.ts';
import { listMonths, removeMonth, removeOldAside, spanOf } from './month-files.ts';

/** Removes every record before the cutoff: whole months by their file, the rest by rows. */
export async function removeOldRecords(database: LogDatabase, cutoff: number): Promise<void> {
  removeOldAside(database.dir, cutoff);
  for (const month of listMonths(database.dir)) {
    const { start, end } = spanOf(month);
    if (end <= cutoff) {
      await database.detach(month);
      removeMonth(database.dir, month);
    } else if (start < cutoff) {
      const attached = await database.attach(month, false);
      if (attached === null) continue;
      const writer = await database.writer();
      await writer.run(`DELETE FROM ${attached.alias}.entry WHERE started_at < $1`, [cutoff]);
      await writer.run(`DELETE FROM ${attached.alias}.block WHERE last_at < $1`, [cutoff]);
    }
  }
}
