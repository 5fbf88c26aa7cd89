// From rounds to the figures that are printed: medians over rounds, ratios taken within a round.
import type { Round, Series } from './rounds.ts';
import type { SystemId } from './systems.ts';

export interface CallFigures {
  readonly id: SystemId;
  readonly title: string;
  readonly readyMs: number;
  readonly cpuUsPerCall: number;
  readonly callsPerCpuSecond: number;
  /** Calls per CPU-second as a multiple of nginx's and of the peer's; null where that one did not run. */
  readonly ofNginx: number | null;
  readonly ofPeer: number | null;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly idleRssMb: number;
  readonly peakRssMb: number;
  readonly done: number;
  readonly errors: number;
  readonly statuses: Readonly<Record<string, number>>;
}

export interface StreamFigures {
  readonly id: SystemId;
  readonly title: string;
  readonly cpuUsPerStream: number;
  readonly cpuUsPerEvent: number;
  readonly ofNginx: number | null;
  readonly rssKbPerStream: number;
  readonly firstEventP50Ms: number;
  readonly firstEventP99Ms: number;
  readonly peakRssMb: number;
  readonly done: number;
  readonly errors: number;
  readonly truncated: number;
  readonly statuses: Readonly<Record<string, number>>;
}

const MIB = 1024 * 1024;

/** The middle value; the lower of two; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.filter((each) => Number.isFinite(each)).toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function sum(rounds: readonly Round[], of: (round: Round) => number): number {
  return rounds.reduce((total, round) => total + of(round), 0);
}

function addStatuses(rounds: readonly Round[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const round of rounds) {
    for (const [status, count] of Object.entries(round.statuses)) {
      all[status] = (all[status] ?? 0) + count;
    }
  }
  return all;
}

/** A round in which nothing succeeded has no cost per unit, however much it cost. */
function cost(round: Round, units: number): number {
  return units > 0 ? (round.cpuMs * 1000) / units : Number.NaN;
}

/** How often the work of another system this one does for the same CPU time: the median over rounds, each compared with its own. */
function ratio(series: Series, other: Series | undefined): number | null {
  if (other === undefined) return null;
  const found = median(
    series.rounds.map((round, index) => {
      const theirs = other.rounds[index];
      return theirs === undefined
        ? Number.NaN
        : cost(theirs, theirs.done) / cost(round, round.done);
    }),
  );
  return Number.isNaN(found) ? null : found;
}

export function callFigures(all: readonly Series[]): readonly CallFigures[] {
  const nginx = all.find((each) => each.id === 'nginx');
  const peer = all.find((each) => each.id === 'peer');
  return all.map((series) => {
    const { rounds } = series;
    const cpuUsPerCall = median(rounds.map((round) => cost(round, round.done)));
    return {
      id: series.id,
      title: series.title,
      readyMs: Math.round(series.readyMs),
      cpuUsPerCall,
      callsPerCpuSecond: 1e6 / cpuUsPerCall,
      ofNginx: ratio(series, nginx),
      ofPeer: ratio(series, peer),
      callsPerSecond: median(rounds.map((round) => (round.done / round.wallMs) * 1000)),
      p50Ms: median(rounds.map((round) => round.p50Ms)),
      p99Ms: median(rounds.map((round) => round.p99Ms)),
      idleRssMb: series.idleRssBytes / MIB,
      peakRssMb: Math.max(...rounds.map((round) => round.peakRssBytes)) / MIB,
      done: sum(rounds, (round) => round.done),
      errors: sum(rounds, (round) => round.errors),
      statuses: addStatuses(rounds),
    };
  });
}

export function streamFigures(all: readonly Series[], open: number): readonly StreamFigures[] {
  const nginx = all.find((each) => each.id === 'nginx');
  return all.map((series) => {
    const { rounds } = series;
    const growth = rounds.map((round) => round.peakRssBytes - series.idleRssBytes);
    const works = rounds.some((round) => round.done > 0);
    return {
      id: series.id,
      title: series.title,
      cpuUsPerStream: median(rounds.map((round) => cost(round, round.done))),
      cpuUsPerEvent: median(rounds.map((round) => cost(round, round.events))),
      ofNginx: ratio(series, nginx),
      rssKbPerStream: works ? median(growth) / 1024 / open : Number.NaN,
      firstEventP50Ms: median(rounds.map((round) => round.p50Ms)),
      firstEventP99Ms: median(rounds.map((round) => round.p99Ms)),
      peakRssMb: Math.max(...rounds.map((round) => round.peakRssBytes)) / MIB,
      done: sum(rounds, (round) => round.done),
      errors: sum(rounds, (round) => round.errors),
      truncated: sum(rounds, (round) => round.truncated),
      statuses: addStatuses(rounds),
    };
  });
}
