/** The files of the log: one a month, named by it, so that an old month goes by removing a file. All months are UTC. */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** `2026-11`. */
export type Month = string;

const NAME = /^request-log-(\d{4}-\d{2})\.duckdb$/;
const ASIDE = /^request-log-.*\.corrupt-[0-9TZ]+$/;
const DAY_MS = 86_400_000;
/** Damaged files that are kept for whoever wants to look. */
const KEPT_ASIDE = 3;

/** The month an instant falls into. */
export function monthOf(wallMs: number): Month {
  return new Date(wallMs).toISOString().slice(0, 7);
}

/** The first instant of a month and of the next. */
export function spanOf(month: Month): { readonly start: number; readonly end: number } {
  const [year, number] = month.split('-').map(Number);
  return {
    start: Date.UTC(year ?? 0, (number ?? 1) - 1),
    end: Date.UTC(year ?? 0, number ?? 1),
  };
}

/** Where a month is kept. */
export function fileOf(dir: string, month: Month): string {
  return join(dir, `request-log-${month}.duckdb`);
}

/** The months there are, newest first. */
export function listMonths(dir: string): readonly Month[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .toSorted()
    .toReversed();
}

/** Records before this instant are to be removed: the start of the day `retentionDays` ago. */
export function retentionCutoff(wallNow: number, retentionDays: number): number {
  return Math.floor(wallNow / DAY_MS) * DAY_MS - retentionDays * DAY_MS;
}

/** Removes a month and whatever belongs to it. */
export function removeMonth(dir: string, month: Month): void {
  const file = fileOf(dir, month);
  rmSync(file, { force: true });
  rmSync(`${file}.wal`, { force: true });
}

/** Removes damaged files that are older than the cutoff, or more than are kept. */
export function removeOldAside(dir: string, cutoff: number): void {
  if (!existsSync(dir)) return;
  const aside = readdirSync(dir)
    .filter((name) => ASIDE.test(name))
    .map((name) => ({ file: join(dir, name), at: statSync(join(dir, name)).mtimeMs }))
    .toSorted((a, b) => b.at - a.at);
  for (const [index, { file, at }] of aside.entries()) {
    if (at < cutoff || index >= KEPT_ASIDE * 2) rmSync(file, { force: true });
  }
}

/** Moves a damaged file and its journal out of the way and returns the new name; `what` may be the journal alone. */
export function moveAside(dir: string, month: Month, what: 'all' | 'journal'): string {
  const file = fileOf(dir, month);
  const suffix = `.corrupt-${new Date().toISOString().replaceAll(/[-:.]/g, '')}`;
  const journal = `${file}.wal`;
  if (existsSync(journal)) renameSync(journal, journal + suffix);
  if (what === 'journal') return journal + suffix;
  if (existsSync(file)) renameSync(file, file + suffix);
  return file + suffix;
}
