import type { AlertEvent, AlertStore } from '@keywell/storage/alerts/alert-store';
import type { Answer } from '../../http/bind-route.ts';

export interface AlertPorts {
  readonly alerts: Pick<AlertStore, 'list'>;
}

export interface AlertPage {
  readonly events: readonly AlertEvent[];
  readonly next: string | null;
}

/** Alerts, newest first. */
export async function listAlerts(
  { alerts }: AlertPorts,
  query: {
    readonly limit: number;
    readonly before: string | null;
    readonly activeOnly: boolean;
  },
): Promise<Answer<AlertPage>> {
  const { limit, before, activeOnly } = query;
  const from = before === null ? null : parsePlace(before);
  if (before !== null && from === null)
    return { ok: false, code: 'invalid_parameter', detail: 'before: pass "next" of a page here.' };
  const place = from === null ? {} : { before: from };
  const events = await alerts.list({ limit, activeOnly, ...place });
  const last = events.at(-1);
  const next = last === undefined || events.length < limit ? null : `${last.at}/${last.id}`;
  return { ok: true, value: { events, next } };
}

function parsePlace(text: string): { at: number; id: string } | null {
  const match = /^(\d{1,16})\/([\w-]{1,64})$/.exec(text);
  return match === null ? null : { at: Number(match[1]), id: match[2] ?? '' };
}
