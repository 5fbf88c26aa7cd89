import type { KeyView } from '@keywell/contract/admin/admin-schemas';
import { clean } from './clean.ts';
import { showCountdown } from './duration.ts';
import type { Paint } from './paint.ts';
import { type Cell, type Column, renderTable } from './table.ts';

const COLUMNS: readonly Column[] = [
  { head: 'KEY' },
  { head: 'FINGERPRINT' },
  { head: 'DOMAIN' },
  { head: 'STATE' },
  { head: 'IN FLIGHT', align: 'right' },
  { head: 'SERVED', align: 'right' },
  { head: 'FAILED', align: 'right' },
  { head: 'COOLDOWN' },
  { head: 'ENDS IN', align: 'right' },
  { head: 'BECAUSE' },
];

/** Upstream keys, one line each and one more for every further cooldown. */
export function renderKeys(keys: readonly KeyView[], paint: Paint): string {
  if (keys.length === 0) return 'No upstream keys.\n';
  return renderTable(
    COLUMNS,
    keys.flatMap((key) => rowsOf(key, paint)),
    paint,
  );
}

function rowsOf(key: KeyView, paint: Paint): readonly (readonly Cell[])[] {
  const own: readonly Cell[] = [
    { text: `${clean(key.provider)}/${clean(key.key)}`, paint: paint.strong },
    key.fingerprint === '' ? '–' : clean(key.fingerprint),
    `${clean(key.domain)}${key.domain_source === 'inferred' ? ' (inferred)' : ''}`,
    stateCell(key.state, paint),
    String(key.in_flight),
    String(key.successes),
    String(key.failures),
  ];
  const blank = own.map(() => '');
  const cooldowns = key.cooldowns.toSorted((a, b) => b.ends_in_ms - a.ends_in_ms);
  if (cooldowns.length === 0) return [own];
  return cooldowns.map((cooldown, index) =>
    (index === 0 ? own : blank).concat([
      `${clean(cooldown.class)} (${clean(cooldown.scope_id)})`,
      `${cooldown.authoritative ? '' : '~'}${showCountdown(cooldown.ends_in_ms)}`,
      clean(cooldown.evidence),
    ]),
  );
}

function stateCell(state: KeyView['state'], paint: Paint): Cell {
  if (state === 'ready') return { text: 'ready', paint: paint.good };
  if (state === 'cooled') return { text: 'cooled', paint: paint.bad };
  return { text: 'partly', paint: paint.warn };
}
