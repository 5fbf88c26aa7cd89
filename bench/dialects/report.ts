// The results as text: for the terminal, for bench/results, and for the section of docs/performance-dialects.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { replaceSection, type Machine } from '../report.ts';
import type { PieceFigures } from './piece-figures.ts';

export interface CallFigures {
  readonly pair: string;
  /** Processor time of Keywell, microseconds, for one call. */
  readonly value: number;
  /** What the same call costs without translation: the middle of its two dialects; and how many times as much this one costs. */
  readonly untranslated: number;
  readonly ratio: number;
  /** As a multiple of OpenAI's chat untranslated. */
  readonly timesChat: number;
}

export interface StreamPairFigures {
  readonly pair: string;
  /** Processor time of Keywell, microseconds, for one event, and what it is more than untranslated. */
  readonly value: number;
  readonly more: number;
  /** By how much later a first word arrives through Keywell than without it (p50), and how late it is without it. */
  readonly firstWordMs: number;
  readonly directMs: number;
}

export interface PictureFigures {
  readonly pair: string;
  readonly requestBytes: number;
  readonly addedBytes: number;
  readonly stallMs: number;
}

export interface DialectReport {
  readonly at: string;
  readonly commit: string;
  readonly rounds: number;
  readonly machine: Machine;
  /** The machine's load average at the beginning and at the end. */
  readonly load: string;
  readonly loadAfter: string;
  readonly pieces: readonly PieceFigures[];
  readonly calls: readonly CallFigures[];
  readonly streams: readonly StreamPairFigures[];
  readonly pictures: readonly PictureFigures[];
}

export const noteLoad = (): string => (loadavg()[0] ?? 0).toFixed(1);

const fixed = (value: number, digits: number): string =>
  Number.isNaN(value) ? '–' : value.toFixed(digits);

function table(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  if (rows.length === 0) return [];
  const rule = head.map((_, place) => (place === 0 ? '---' : '---:'));
  const lines = [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [`${title}\n\n${lines.join('\n')}`];
}

function renderDialects(report: DialectReport): string {
  const { machine } = report;
  return [
    `Measured ${report.at.slice(0, 10)} at commit ${report.commit}: ${report.rounds} interleaved rounds on ${machine.cpu}, ${machine.cores} cores,
${machine.kernel}, Node ${machine.node}. Load average ${report.load} before, ${report.loadAfter} after.`,
    ...table(
      '**Calls**: 2 KB in, 1 KB out, 32 connections; processor time of the whole Keywell process for one call.',
      [
        'caller → provider',
        'CPU µs a call',
        'untranslated',
        '× untranslated',
        '× OpenAI chat untranslated',
      ],
      report.calls.map((each) => [
        each.pair,
        fixed(each.value, 0),
        fixed(each.untranslated, 0),
        fixed(each.ratio, 2),
        fixed(each.timesChat, 2),
      ]),
    ),
    ...table(
      '**Streams**: 100 at once; processor time of the whole process for one event, sockets included, and when the first word arrives.',
      [
        'caller → provider',
        'CPU µs an event',
        'more than untranslated',
        'first word later by ms (p50)',
        'ms without Keywell',
      ],
      report.streams.map((each) => [
        each.pair,
        fixed(each.value, 1),
        fixed(each.more, 1),
        fixed(each.firstWordMs, 2),
        fixed(each.directMs, 2),
      ]),
    ),
    ...table(
      '**Pieces**: processor time of one thread in microseconds; an event is decoded, encoded and put together for the caller, one in a chunk.',
      ['caller → provider', 'request of 2 KB', 'answer of 1 KB', 'stream event'],
      report.pieces.map((each) => [
        each.pair,
        fixed(each.requestUs, 1),
        fixed(each.answerUs, 1),
        fixed(each.eventUs, 2),
      ]),
    ),
    ...table(
      `**Pictures**: one request of ${fixed(Math.max(...report.pictures.map((each) => each.requestBytes)) / 1e6, 1)} MB at a time, one worker; most resident memory during the call less that before it.`,
      ['caller → provider', 'memory added, MB', '× the request', 'longest stall ms'],
      report.pictures.map((each) => [
        each.pair,
        fixed(each.addedBytes / 1e6, 1),
        fixed(each.addedBytes / each.requestBytes, 2),
        fixed(each.stallMs, 1),
      ]),
    ),
  ].join('\n\n');
}

/** Prints the report, and keeps it where `keep` says so. */
export function saveReport(repository: string, report: DialectReport, keep: boolean): void {
  const text = renderDialects(report);
  process.stdout.write(`\n${text}\n`);
  if (!keep) return;
  const folder = join(repository, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `dialects-${report.at.slice(0, 10)}-${report.commit}`);
  writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${file}.md`, `${text}\n`);
  const page = join(repository, 'docs/performance-dialects.md');
  writeFileSync(page, replaceSection(readFileSync(page, 'utf8'), text));
}
