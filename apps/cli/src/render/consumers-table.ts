import type { ConsumerView } from '@keywell/contract/admin/admin-schemas';
import { clean } from './clean.ts';
import { showInstant } from './duration.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

/** Consumers, one line each. */
export function renderConsumers(consumers: readonly ConsumerView[], paint: Paint): string {
  if (consumers.length === 0) return 'No consumers. Add one with "keywell consumers add ID".\n';
  const rows = consumers.map((consumer) => [
    { text: clean(consumer.id), paint: paint.strong },
    clean(consumer.name ?? '–'),
    consumer.source,
    consumer.key_ids.map((id) => `kw_${clean(id)}_…`).join(' ') || '–',
    clean(consumer.models.join(', ')) || 'none',
    consumer.requests_per_minute === null ? '–' : String(consumer.requests_per_minute),
    budgetText(consumer.budget),
    consumer.enabled ? { text: 'yes', paint: paint.good } : { text: 'no', paint: paint.bad },
    consumer.created_at === null ? '–' : showInstant(consumer.created_at),
  ]);
  return renderTable(
    [
      { head: 'CONSUMER' },
      { head: 'NAME' },
      { head: 'FROM' },
      { head: 'KEY' },
      { head: 'MODELS' },
      { head: 'PER MINUTE', align: 'right' },
      { head: 'BUDGET', align: 'right' },
      { head: 'ENABLED' },
      { head: 'ADDED' },
    ],
    rows,
    paint,
  );
}

const dollars = (micros: number): string => (micros / 1_000_000).toFixed(2);

const PERIODS = { day: ' a day', month: ' a month', total: '' } as const;

/** `0.40 of 1.00 $ a day`: what is spent and held together, since neither is there for the next call. */
function budgetText(budget: ConsumerView['budget']): string {
  if (budget === null) return '–';
  const gone = budget.spent_micros + budget.held_micros;
  return `${dollars(gone)} of ${dollars(budget.amount_micros)} $${PERIODS[budget.period]}`;
}
