import type { PoolForecastView } from '@keywell/contract/admin/forecast-schemas';
import { clean } from './clean.ts';
import { showCountdown } from './duration.ts';
import type { Paint } from './paint.ts';
import { type Cell, type Column, renderTable } from './table.ts';

type DimensionView = PoolForecastView['dimensions'][number];

const COLUMNS: readonly Column[] = [
  { head: 'POOL' },
  { head: 'READY' },
  { head: 'DIMENSION' },
  { head: 'DOMAINS', align: 'right' },
  { head: 'LEFT', align: 'right' },
  { head: 'OF', align: 'right' },
  { head: 'BURN A MINUTE', align: 'right' },
  { head: 'DRY IN', align: 'right' },
  { head: 'BACK IN', align: 'right' },
];

const LOW_PERCENT = 10;
const SOON_MS = 3_600_000;

/** What is left of each limit of each pool, how fast it goes, when it ends and when it is back. */
export function renderForecast(pools: readonly PoolForecastView[], paint: Paint): string {
  if (pools.length === 0) return 'No pools. Add one to the configuration and "keywell reload".\n';
  const table = renderTable(
    COLUMNS,
    pools.flatMap((pool) => rowsOf(pool, paint)),
    paint,
  );
  return table + notesOn(pools, paint);
}

function rowsOf(pool: PoolForecastView, paint: Paint): readonly (readonly Cell[])[] {
  const ready: Cell = {
    text: `${pool.eligible} of ${pool.candidates}`,
    paint: pool.eligible === 0 ? paint.bad : paint.good,
  };
  const name: Cell = { text: clean(pool.pool), paint: paint.strong };
  const back = pool.eligible === 0 ? until(pool.next_in_ms, 'not known') : '–';
  if (pool.dimensions.length === 0) {
    return [[name, ready, 'no limit known', '–', '–', '–', '–', 'unknown', back]];
  }
  return pool.dimensions.map((dimension, index) => [
    index === 0 ? name : '',
    index === 0 ? ready : '',
    clean(dimension.dimension),
    `${dimension.domains.known} of ${dimension.domains.all}`,
    { text: leftOf(dimension), paint: dimension.percent_left < LOW_PERCENT ? paint.warn : plain },
    showAmount(dimension.limit),
    dimension.burn_per_minute === null ? '–' : showAmount(dimension.burn_per_minute),
    dryIn(dimension, paint),
    dimension.state === 'exhausted' ? until(dimension.recovers_in_ms, 'not known') : '–',
  ]);
}

const plain = (text: string): string => text;
const until = (ms: number | null, otherwise: string): string =>
  ms === null ? otherwise : showCountdown(ms);

const leftOf = ({ left, percent_left: percent }: DimensionView): string =>
  `${showAmount(left)} (${Math.floor(percent)} %)`;

function dryIn(dimension: DimensionView, paint: Paint): Cell {
  const { state, exhausts_in_ms: inMs, seasonal } = dimension;
  if (state === 'exhausted') return { text: 'now', paint: paint.bad };
  if (state === 'learning') return { text: 'learning', paint: paint.soft };
  if (inMs === null) return { text: 'not foreseen', paint: paint.good };
  const text = `${seasonal ? '' : '~'}${showCountdown(inMs)}`;
  return { text, paint: inMs < SOON_MS ? paint.warn : plain };
}

/** What the reader should know of the figures, where it is about what is shown. */
function notesOn(pools: readonly PoolForecastView[], paint: Paint): string {
  const dimensions = pools.flatMap((pool) => pool.dimensions);
  const notes: string[] = [];
  if (pools.some((pool) => pool.dimensions.length === 0)) {
    notes.push(
      'No limit known: the provider has told none yet. Send a call and look again after some seconds, or declare "limits" at its keys in the configuration.',
    );
  }
  if (dimensions.some(({ state }) => state === 'learning')) {
    notes.push('Learning: watched too short to say; it takes up to half an hour of traffic.');
  }
  if (dimensions.some(({ domains }) => domains.known < domains.all)) {
    notes.push('Domains that tell no limit are not in the figures; the pool can outlast them.');
  }
  if (dimensions.some(({ state, seasonal }) => state === 'draining' && !seasonal)) {
    notes.push('~: as things go now; the usual course of the day is not known yet.');
  }
  return notes.map((note) => paint.soft(`${note}\n`)).join('');
}

/** A count as people read it: `7`, `940`, `12.3k`, `1.5M`. */
export function showAmount(amount: number): string {
  const whole = Math.round(amount);
  if (Math.abs(whole) < 10_000) return String(amount < 10 ? Math.round(amount * 10) / 10 : whole);
  if (whole < 1e6) return `${(whole / 1e3).toFixed(1)}k`;
  return whole < 1e9 ? `${(whole / 1e6).toFixed(1)}M` : `${(whole / 1e9).toFixed(1)}G`;
}
