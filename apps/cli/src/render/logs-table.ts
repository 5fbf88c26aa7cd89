import type { RequestView } from '@keywell/contract/admin/admin-schemas';
import { clean } from './clean.ts';
import { showDuration, showInstant } from './duration.ts';
import { showCost } from './money.ts';
import type { Paint } from './paint.ts';
import { type Cell, renderTable } from './table.ts';

/** Requests, one line each, newest first as they come. */
export function renderLogs(requests: readonly RequestView[], paint: Paint): string {
  if (requests.length === 0) return 'No requests.\n';
  const rows = requests.map((request) => [
    showInstant(request.started_at),
    clean(request.id),
    {
      text: String(request.status),
      paint: request.status >= 500 ? paint.bad : request.status >= 400 ? paint.warn : paint.good,
    },
    showDuration(request.duration_ms),
    clean(request.operation) + (request.streamed ? ' (stream)' : ''),
    clean(request.consumer ?? '–'),
    clean(request.model ?? '–'),
    request.provider === null ? '–' : `${clean(request.provider)}/${clean(request.key ?? '–')}`,
    String(request.attempts),
    costCell(request, paint),
    clean(request.error_code ?? ''),
  ]);
  return renderTable(
    [
      { head: 'AT' },
      { head: 'REQUEST' },
      { head: 'STATUS' },
      { head: 'TOOK', align: 'right' },
      { head: 'OPERATION' },
      { head: 'CONSUMER' },
      { head: 'MODEL' },
      { head: 'SERVED BY' },
      { head: 'ATTEMPTS', align: 'right' },
      { head: 'COST', align: 'right' },
      { head: 'ERROR' },
    ],
    rows,
    paint,
  );
}

function costCell(request: RequestView, paint: Paint): Cell {
  const text = showCost(request);
  return request.cost_micros === null ? { text, paint: paint.warn } : text;
}
