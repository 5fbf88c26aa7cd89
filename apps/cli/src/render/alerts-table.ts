import type { AlertView } from '@keywell/contract/admin/forecast-schemas';
import { clean } from './clean.ts';
import { showInstant } from './duration.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

/** Alerts, one line each, newest first as they come. */
export function renderAlerts(alerts: readonly AlertView[], paint: Paint): string {
  if (alerts.length === 0) {
    return 'No alerts. "alerts" in the configuration says when a pool counts as running low; left out, it is 10 % or an hour.\n';
  }
  const rows = alerts.map((alert) => [
    showInstant(alert.at),
    {
      text: clean(alert.kind),
      paint: alert.kind === 'pool_recovered' ? paint.good : paint.bad,
    },
    clean(alert.subject),
    alert.ended_at === null
      ? { text: 'active', paint: paint.warn }
      : alert.ended_at === alert.at
        ? '–'
        : showInstant(alert.ended_at),
    clean(alert.rule === '' ? '–' : alert.rule),
    clean(alert.message),
  ]);
  return renderTable(
    [
      { head: 'AT' },
      { head: 'ALERT' },
      { head: 'ABOUT' },
      { head: 'OVER' },
      { head: 'RULE' },
      { head: 'MESSAGE' },
    ],
    rows,
    paint,
  );
}
