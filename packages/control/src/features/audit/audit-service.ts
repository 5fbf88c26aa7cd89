import type { Answer } from '../../http/bind-route.ts';
import type { AuditEvent, AuditStore } from '../../ports/stores.ts';

export interface AuditPorts {
  readonly audit: AuditStore;
}

export interface AuditPage {
  readonly events: readonly AuditEvent[];
  readonly next: string | null;
}

/** What was done, newest first. */
export async function listAudit(
  { audit }: AuditPorts,
  { limit, before }: { readonly limit: number; readonly before: string | null },
): Promise<Answer<AuditPage>> {
  const from = before === null ? null : parsePlace(before);
  if (before !== null && from === null)
    return { ok: false, code: 'invalid_parameter', detail: 'before: pass "next" of a page here.' };
  const events = await audit.list(from === null ? { limit } : { limit, before: from });
  const last = events.at(-1);
  const next = last === undefined || events.length < limit ? null : `${last.at}/${last.id}`;
  return { ok: true, value: { events, next } };
}

function parsePlace(text: string): { at: number; id: string } | null {
  const match = /^(\d{1,16})\/([\w-]{1,64})$/.exec(text);
  return match === null ? null : { at: Number(match[1]), id: match[2] ?? '' };
}
