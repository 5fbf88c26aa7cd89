import type { RequestDetailView, TimelineEventView } from '@keywell/contract/admin/admin-schemas';
import { clean } from './clean.ts';
import { showBytes, showCountdown, showDuration, showInstant } from './duration.ts';
import { showCost } from './money.ts';
import type { Paint } from './paint.ts';

/** One request, drawn: what happened when, from the head to the end. */
export function renderTimeline(request: RequestDetailView, paint: Paint): string {
  const lines = request.timeline.flatMap((event) => drawEvent(event, paint));
  const offsets = lines.map((line) => (line.at === null ? '' : showOffset(line.at)));
  const width = Math.max(0, ...offsets.map((offset) => offset.length));
  const drawn = lines.map(
    (line, index) =>
      `  ${paint.soft((offsets[index] ?? '').padStart(width))}  ${line.mark} ${line.text}`,
  );
  return `${[...heading(request, paint), '', ...drawn].join('\n')}\n`;
}

function heading(request: RequestDetailView, paint: Paint): readonly string[] {
  const status =
    request.status >= 400 ? paint.bad(String(request.status)) : paint.good(String(request.status));
  const failed = request.error_code === null ? '' : ` ${clean(request.error_code)}`;
  const served =
    request.provider === null
      ? 'served by nobody'
      : `served by ${clean(request.provider)}/${clean(request.key ?? '–')} (${clean(request.upstream_model ?? '–')})`;
  const facts = [
    `${request.attempts} ${request.attempts === 1 ? 'attempt' : 'attempts'}`,
    ...(request.wait_ms > 0 ? [`waited ${showDuration(request.wait_ms)}`] : []),
    ...(request.first_byte_ms === null
      ? []
      : [`first byte after ${showDuration(request.first_byte_ms)}`]),
    `${showBytes(request.request_bytes)} in, ${showBytes(request.response_bytes)} out`,
    ...(request.usage === null ? [] : [showUsage(request.usage)]),
    ...(request.cost_micros === 0 ? [] : [`cost ${showCost(request)}`]),
  ];
  return [
    `${paint.strong(clean(request.id))}  ${clean(request.method)} ${clean(request.path)} → ${status}${failed} in ${showDuration(request.duration_ms)}${request.aborted ? ' (the caller left)' : ''}`,
    `${showInstant(request.started_at)} · consumer ${clean(request.consumer ?? '–')} · model ${clean(request.model ?? '–')} · pool ${clean(request.pool ?? '–')}`,
    `${served} · ${facts.join(' · ')}`,
  ];
}

interface Line {
  /** Null on a line that continues the one before. */
  readonly at: number | null;
  readonly mark: string;
  readonly text: string;
}

function drawEvent(event: TimelineEventView, paint: Paint): readonly Line[] {
  const { at } = event;
  switch (event.kind) {
    case 'candidates':
      return [
        {
          at,
          mark: '┬ ',
          text: `tier ${event.tier + 1}: ${event.eligible} of ${event.eligible + event.excluded.length} candidates can serve`,
        },
        ...event.excluded.map((each) => ({
          at: null,
          mark: '│ ',
          text: drawExclusion(each, paint),
        })),
      ];
    case 'attempt': {
      const target = `${clean(event.provider)}/${clean(event.key)}`;
      const text = `attempt ${event.attempt} (${event.why}) → ${paint.strong(target)} ${clean(event.model)} in ${clean(event.domain)}`;
      return [{ at, mark: '├▶', text }];
    }
    case 'verdict':
      return [{ at, mark: '│ ', text: drawVerdict(event, paint) }];
    case 'wait':
      return [
        { at, mark: '├ ', text: `waited ${showDuration(event.wait_ms)}: ${clean(event.why)}` },
      ];
    case 'note':
      return [
        {
          at,
          mark: '├ ',
          text: `${clean(event.what.replaceAll('_', ' '))}: ${clean(event.detail)}`,
        },
      ];
    case 'end':
    default: {
      const paintEnd = event.status >= 400 ? paint.bad : paint.good;
      return [
        { at, mark: '└ ', text: `${paintEnd(String(event.status))} ${clean(event.why)}`.trimEnd() },
      ];
    }
  }
}

type Excluded = Extract<TimelineEventView, { kind: 'candidates' }>['excluded'][number];
type Verdict = Extract<TimelineEventView, { kind: 'verdict' }>;

function drawExclusion(excluded: Excluded, paint: Paint): string {
  const ends =
    excluded.ends_in_ms === null ? '' : `, ends in ${showCountdown(excluded.ends_in_ms)}`;
  const scope = excluded.scope === 'none' ? '' : ` (${clean(excluded.scope)})`;
  return paint.soft(
    `  passed over ${clean(excluded.provider)}/${clean(excluded.key)}: ${clean(excluded.why)}${scope}${ends}`,
  );
}

function drawVerdict(verdict: Verdict, paint: Paint): string {
  const status = verdict.status === 0 ? 'no answer' : String(verdict.status);
  if (verdict.class === 'success') {
    const usage = verdict.usage === null ? '' : `, ${showUsage(verdict.usage)}`;
    return `${paint.good('✓')} ${status} success${usage}${showCharge(verdict)}`;
  }
  const evidence = verdict.evidence === '' ? '' : `: ${clean(verdict.evidence)}`;
  const cooled =
    verdict.ends_in_ms === null || verdict.scope === 'none'
      ? ''
      : `; cooled for ${showCountdown(verdict.ends_in_ms)} (${verdict.authoritative ? 'the provider said so' : 'our guess'})`;
  const scope = verdict.scope === 'none' ? '' : ` (${clean(verdict.scope)})`;
  return `${paint.bad('✗')} ${status} ${clean(verdict.class)}${scope}${evidence}${cooled}${showCharge(verdict)}`;
}

/** What an attempt cost, where it may have cost anything. */
const showCharge = (verdict: Verdict): string =>
  verdict.cost_micros === 0 ? '' : `, cost ${showCost(verdict)}`;

function showUsage(usage: NonNullable<RequestDetailView['usage']>): string {
  const extra = [
    ...(usage.cached_tokens > 0 ? [`${usage.cached_tokens} cached`] : []),
    ...(usage.cache_write_tokens > 0 ? [`${usage.cache_write_tokens} written to the cache`] : []),
    ...(usage.reasoning_tokens > 0 ? [`${usage.reasoning_tokens} reasoning`] : []),
    ...(usage.estimated ? ['estimated'] : []),
  ];
  const notes = extra.length === 0 ? '' : ` (${extra.join(', ')})`;
  return `${usage.input_tokens} + ${usage.output_tokens} tokens${notes}`;
}

const showOffset = (at: number): string =>
  at < 1000 ? `+${Math.round(at)} ms` : `+${(at / 1000).toFixed(2)} s`;
