import type { PoolView } from '@keywell/contract/admin/admin-schemas';
import { clean } from './clean.ts';
import { showCountdown } from './duration.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

/** Pools, one line a tier. */
export function renderPools(pools: readonly PoolView[], paint: Paint): string {
  if (pools.length === 0) return 'No pools.\n';
  const rows = pools.flatMap((pool) =>
    pool.tiers.map((tier, index) => [
      index === 0 ? { text: clean(pool.pool), paint: paint.strong } : '',
      String(tier.tier + 1),
      {
        text: `${tier.eligible} of ${tier.candidates}`,
        paint:
          tier.eligible === 0
            ? paint.bad
            : tier.eligible < tier.candidates
              ? paint.warn
              : paint.good,
      },
      tier.next_in_ms === null ? '–' : showCountdown(tier.next_in_ms),
      index === 0 ? String(pool.requests_10s) : '',
      index === 0 ? String(pool.retries_10s) : '',
    ]),
  );
  return renderTable(
    [
      { head: 'POOL' },
      { head: 'TIER', align: 'right' },
      { head: 'READY' },
      { head: 'NEXT IN', align: 'right' },
      { head: 'REQUESTS 10S', align: 'right' },
      { head: 'RETRIES 10S', align: 'right' },
    ],
    rows,
    paint,
  );
}
