// The results as text: for the terminal, for bench/results, and for the section of docs/exhaustion-bench.md.
import type { Machine } from '../report.ts';
import type { MixReport, Outcome } from './measure.ts';
import type { Check } from './musts.ts';
import { KEYWELL } from './strategies.ts';

export interface ExhaustionReport extends Outcome {
  readonly at: string;
  readonly commit: string;
  readonly seeds: number;
  readonly tookMs: number;
  readonly machine: Machine;
  readonly micro: readonly MicroFigure[];
}

/** What the engine costs, measured by `npm run bench:micro`. */
export interface MicroFigure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Null where nothing was promised. */
  readonly most: number | null;
}

const percent = (value: number, digits = 1): string => `${(100 * value).toFixed(digits)} %`;
const whole = (value: number): string => Math.round(value).toLocaleString('en');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, place) => (place === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function mixTable({ strategies }: MixReport): string {
  const tenants = strategies.some(({ figures }) => figures.jainMean < 1);
  const head = [
    'strategy',
    'goodput mean',
    'worst seed',
    'worst group',
    'answered',
    'wasted',
    'refused',
    'attempts a request',
    'wait p50 ms',
    'p90',
    'p99',
    ...(tenants ? ['Jain mean', 'p5'] : []),
  ];
  const rows = strategies.map(({ title, figures: each }) => [
    title,
    percent(each.goodputMean),
    percent(each.goodputWorst),
    `${percent(each.worstGroupShare)} (${each.worstGroup})`,
    percent(each.answered),
    percent(each.wastedShare, 2),
    percent(each.refusedShare, 2),
    each.attemptsPerRequest.toFixed(2),
    whole(each.longerP50Ms),
    whole(each.longerP90Ms),
    whole(each.longerP99Ms),
    ...(tenants ? [each.jainMean.toFixed(3), each.jainP5.toFixed(3)] : []),
  ]);
  return table(head, rows);
}

function valueOf(value: number, unit: Check['unit'], digits: number): string {
  switch (unit) {
    case '%':
      return percent(value, digits);
    case 'ms':
      return `${whole(value)} ms`;
    case 'points':
      return `${value.toFixed(1)} points`;
    default:
      return value.toFixed(3);
  }
}

function checkLine({ what, value, bound, unit, ok }: Check): string {
  const digits = bound < 0.05 ? 2 : 1;
  return `${ok ? 'ok' : '**missed**'} ${what} ${valueOf(value, unit, digits)} (${valueOf(bound, unit, digits)})`;
}

function deniedLine({ denied }: MixReport): string {
  if (denied === null) return '';
  const { title, figures } = denied;
  return `\n\nAn oracle that ${title} waits longer than the oracle by ${whole(figures.longerP90Ms)} ms at p90 and ${whole(figures.longerP99Ms)} ms at p99, and answers ${percent(figures.goodputMean)} (worst seed ${percent(figures.goodputWorst)}).`;
}

function mixSection(report: MixReport): string {
  const first = report.strategies[0]?.figures;
  const oracle =
    first === undefined
      ? ''
      : `; the oracle answers ${percent(report.oracleAnswered)}, its wait p99 is ${whole(first.oracleP99Ms)} ms, the fluid bound ${percent(first.fluid)} of it`;
  const checks =
    report.checks.length === 0 ? '' : `\n\n${report.checks.map(checkLine).join('; ')}.`;
  return `### ${report.mix}\n\n${whole(report.requests)} requests${oracle}.\n\n${mixTable(report)}${checks}${deniedLine(report)}`;
}

function summary(report: ExhaustionReport): string {
  const rows = report.mixes
    .filter(({ checks }) => checks.length > 0)
    .map(({ mix, checks, strategies }) => {
      const missed = checks.filter((check) => !check.ok);
      const ours = strategies.find(({ name }) => name === KEYWELL)?.figures;
      const best = strategies
        .filter(({ name }) => name !== KEYWELL)
        .reduce((most, { figures }) => Math.max(most, figures.goodputMean), 0);
      return [
        mix,
        missed.length === 0 ? 'yes' : 'no',
        ours === undefined ? '' : percent(ours.goodputMean),
        percent(best),
        ours === undefined ? '' : percent(ours.wastedShare, 2),
        ours === undefined ? '' : percent(ours.refusedShare, 2),
        missed.map(({ what }) => what).join(', '),
      ];
    });
  const head = ['mix', 'all reached', 'goodput', 'best baseline', 'wasted', 'refused', 'missed'];
  return rows.length === 0 ? '' : `${table(head, rows)}\n\n`;
}

function microTable(micro: readonly MicroFigure[]): string {
  if (micro.length === 0) return '';
  const rows = micro.map(({ what, value, unit, most }) => [
    what,
    `${whole(value)} ${unit}`,
    most === null ? '–' : `${whole(most)} ${unit}`,
    most === null ? '–' : value <= most ? 'yes' : 'no',
  ]);
  return `### What it costs\n\n${table(['what', 'measured', 'at most', 'reached'], rows)}\n\n`;
}

/** The whole report in Markdown. */
export function renderExhaustion(report: ExhaustionReport): string {
  const { machine } = report;
  const easy =
    report.tooGood.length === 0
      ? ''
      : `These baselines fall 5 points behind in fewer than three mixes: ${report.tooGood.join(', ')}.\n\n`;
  return `Measured ${report.at.slice(0, 10)} at commit ${report.commit}: ${report.seeds} seeds a mix, ${whole(report.tookMs / 1000)} s on one core of ${machine.cpu}, Node ${machine.node}.
Goodput is what was answered in time as a share of the oracle's (the lower of requests and tokens); waits are differences to the oracle's,
request by request; numbers in brackets are what has to be reached.

${summary(report)}${easy}${microTable(report.micro)}${report.mixes.map(mixSection).join('\n\n')}
`;
}
