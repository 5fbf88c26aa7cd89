// What a process and its descendants have used, from /proc (Linux). CPU time counts all threads of a process.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** The kernel counts CPU time in hundredths of a second (USER_HZ), whatever its own tick is. */
const MS_PER_TICK = 10;

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
}

/** One process; null when it has ended. */
function readProcess(pid: number): ProcessRow | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything, so fields are counted from behind it: the third is the state.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const own = Number(fields[11]) + Number(fields[12]);
    const reaped = Number(fields[13]) + Number(fields[14]);
    return { pid, parent: Number(fields[1]), cpuMs: (own + reaped) * MS_PER_TICK };
  } catch {
    return null;
  }
}

function readRssBytes(pid: number): number {
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return Number(found?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** The process and everything it started. */
function family(root: number): readonly ProcessRow[] {
  const rows = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((row) => row !== null);
  const members = new Set([root]);
  for (let before = 0; before < members.size;) {
    before = members.size;
    for (const row of rows) if (members.has(row.parent)) members.add(row.pid);
  }
  return rows.filter((row) => members.has(row.pid));
}

/** CPU time of the process and everything it started, user and system, milliseconds. */
export function cpuMsOf(pid: number): number {
  return family(pid).reduce((sum, row) => sum + row.cpuMs, 0);
}

/** Resident memory of the process and everything it started; pages that they share count for each of them. */
export function rssBytesOf(pid: number): number {
  return family(pid).reduce((sum, row) => sum + readRssBytes(row.pid), 0);
}

/** Samples resident memory until it is stopped, and returns the most it saw. */
export function watchRss(pid: number): () => number {
  let peak = rssBytesOf(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, rssBytesOf(pid));
  }, 250);
  return () => {
    clearInterval(timer);
    return Math.max(peak, rssBytesOf(pid));
  };
}

/** Lets the kernel count a process's most resident memory anew. */
export function resetPeakRss(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** The most resident memory that a process has had since then, as the kernel counts it: no peak is too short. */
export function peakRssBytesOf(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(found?.[1] ?? 0) * 1024;
}
