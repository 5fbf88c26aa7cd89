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
      { head: 'ENABLED' },
      { head: 'ADDED' },
    ],
    rows,
    paint,
  );
}
