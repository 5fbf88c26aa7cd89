import type { TimelineEvent } from '@keywell/core/log/request-record';

type Verdict = Extract<TimelineEvent, { kind: 'verdict' }>;

/** Server errors by which a provider itself says that it failed; the others come from something in between. */
const FAILED: ReadonlySet<number> = new Set([500, 503, 529]);

/**
 * Whether anything that was sent for a request may have been carried out at a provider. Refusals were not, nor was what never left
 * whole; what was sent and left, broke off, or was lost by a proxy may have been.
 */
export function mayBeExecuted(timeline: readonly TimelineEvent[]): boolean {
  return timeline.some((event) => event.kind === 'verdict' && isOpen(event));
}

function isOpen({ class: of, status, evidence }: Verdict): boolean {
  const begun = status >= 200 && status < 300;
  switch (of) {
    case 'success':
    case 'ambiguous_accept':
      return true;
    case 'transient':
    case 'unknown':
      return begun || (status >= 500 && !FAILED.has(status));
    case 'caller_fault':
      return begun || evidence === CALLER_LEFT;
    default:
      return false;
  }
}

/** What the timeline says of an attempt whose caller left. */
export const CALLER_LEFT = 'caller left';
