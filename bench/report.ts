// The results as text: for the terminal, for bench/results, and for the section of docs/performance.md that is made from them.
import { cpus, release, totalmem } from 'node:os';
import type { CallFigures, StreamFigures } from './figures.ts';
import type { Load } from './rounds.ts';
import type { Absent } from './systems.ts';

export interface Report {
  readonly at: string;
  readonly commit: string;
  readonly mode: 'quick' | 'full';
  readonly rounds: number;
  readonly machine: Machine;
  readonly callLoad: Load;
  readonly streamLoad: Load;
  readonly streamIntervalMs: number;
  readonly calls: readonly CallFigures[];
  readonly streams: readonly StreamFigures[];
  readonly absent: readonly Absent[];
}

/** What the figures depend on; no names of hosts, no paths. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1024 / 1024),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
  };
}

function fixed(value: number | null, digits: number): string {
  if (value === null || Number.isNaN(value)) return '–';
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function callTable(figures: readonly CallFigures[]): string {
  return table(
    [
      'system',
      'CPU µs a call',
      'calls per CPU-second',
      '× nginx',
      '× peer',
      'calls/s',
      'p50 ms',
      'p99 ms',
      'RSS idle → peak MB',
      'ready ms',
      'done',
      'errors',
    ],
    figures.map((each) => [
      each.title,
      fixed(each.cpuUsPerCall, 1),
      fixed(each.callsPerCpuSecond, 0),
      fixed(each.ofNginx, 3),
      fixed(each.ofPeer, 2),
      fixed(each.callsPerSecond, 0),
      fixed(each.p50Ms, 1),
      fixed(each.p99Ms, 1),
      `${fixed(each.idleRssMb, 0)} → ${fixed(each.peakRssMb, 0)}`,
      fixed(each.readyMs, 0),
      fixed(each.done, 0),
      fixed(each.errors, 0),
    ]),
  );
}

function streamTable(figures: readonly StreamFigures[]): string {
  return table(
    [
      'system',
      'CPU µs a stream',
      'CPU µs an event',
      '× nginx',
      'KB a stream',
      'first event p50 ms',
      'p99 ms',
      'RSS peak MB',
      'whole',
      'errors',
      'truncated',
    ],
    figures.map((each) => [
      each.title,
      fixed(each.cpuUsPerStream, 0),
      fixed(each.cpuUsPerEvent, 1),
      fixed(each.ofNginx, 3),
      fixed(each.rssKbPerStream, 1),
      fixed(each.firstEventP50Ms, 0),
      fixed(each.firstEventP99Ms, 0),
      fixed(each.peakRssMb, 0),
      fixed(each.done, 0),
      fixed(each.errors, 0),
      fixed(each.truncated, 0),
    ]),
  );
}

/** Whatever did not go as it should, in words: a table hides it too well. */
function notes(report: Report): readonly string[] {
  const absent = report.absent.map((each) => `- ${each.id} did not run: ${each.why}.`);
  const bad = [...report.calls, ...report.streams].filter(
    (each) => each.errors > 0 || ('truncated' in each && each.truncated > 0),
  );
  const failures = bad.map((each) => {
    const kind = 'truncated' in each ? 'streams' : 'calls';
    const statuses = Object.entries(each.statuses).map(([status, count]) => `${status}: ${count}`);
    const cut = 'truncated' in each && each.truncated > 0 ? `, ${each.truncated} truncated` : '';
    return `- ${each.title}, ${kind}: ${each.errors} errors${cut} (statuses ${statuses.join(', ')}).`;
  });
  return [...absent, ...failures];
}

/** The whole report in Markdown. */
export function renderReport(report: Report): string {
  const { machine, callLoad, streamLoad } = report;
  const remarks = notes(report);
  return `Measured ${report.at.slice(0, 10)} at commit ${report.commit}: ${report.rounds} interleaved rounds (${report.mode}) on ${machine.cpu},
${machine.cores} cores, ${fixed(machine.memoryMb, 0)} MB, ${machine.kernel}, Node ${machine.node}. Load, provider and systems share the machine, so
read CPU time and ratios; latencies are those of a saturated machine.

**Calls**: ${callLoad.concurrency} connections in a closed loop, 2 KB in, 1 KB out, up to ${fixed(callLoad.count, 0)} calls or ${callLoad.maxMs / 1000} s a round.

${callTable(report.calls)}

**Streams**: ${fixed(streamLoad.count, 0)} open at once, ${streamLoad.leastEvents - 1} events each, ${report.streamIntervalMs} ms apart.

${streamTable(report.streams)}
${remarks.length === 0 ? '' : `\n${remarks.join('\n')}\n`}`;
}

export const SECTION_BEGIN = '<!-- bench:begin (npm run bench writes this section) -->';
export const SECTION_END = '<!-- bench:end -->';

/** The page with its measured section replaced. Throws when the page has no such section. */
export function replaceSection(page: string, section: string): string {
  const begin = page.indexOf(SECTION_BEGIN);
  const end = page.indexOf(SECTION_END);
  if (begin === -1 || end < begin) throw new Error('the page has no section for the bench');
  return `${page.slice(0, begin)}${SECTION_BEGIN}\n\n${section.trim()}\n\n${page.slice(end)}`;
}
