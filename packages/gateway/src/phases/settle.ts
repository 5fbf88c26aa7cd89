import type { RequestRecord } from '@keywell/core/log/request-record';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { dialectNameOf } from '../endpoints/caller-errors.ts';
import { OPERATIONS } from '../telemetry/metric-table.ts';
import { droppedText } from '../translate/dropped-text.ts';

const MAX_SHOWN = 128;

/** Counts and records a request. Runs once, on every ending: answered, refused, broken off, abandoned. */
export function settle(exchange: Exchange, plane: Plane): void {
  const now = plane.clock.now();
  exchange.recording?.end(exchange);
  if (exchange.callerGone) exchange.status = 499;
  exchange.spend?.settle();
  count(exchange, plane, now);
  plane.log?.append(recordOf(exchange, now));
}

function count(exchange: Exchange, plane: Plane, now: number): void {
  const { meter } = plane;
  const durationMs = now - exchange.startedAt;
  meter.add('requests', 1, OPERATIONS.indexOf(exchange.operation) * 5 + classOf(exchange.status));
  meter.observe('duration', durationMs);
  if (exchange.firstByteAt !== null) {
    meter.observe('firstByte', exchange.firstByteAt - exchange.startedAt);
  }
  if (exchange.attempts > 0 && exchange.status === 200) {
    meter.observe('overhead', Math.max(0, durationMs - exchange.upstreamMs - exchange.waitMs));
    if (isRescued(exchange)) meter.add('rescued');
  }
  meter.add('bytes', exchange.body.byteLength, 0);
  meter.add('bytes', exchange.responseBytes, 1);
  const { usage } = exchange;
  if (usage === null) return;
  meter.add('tokens', usage.inputTokens, 0);
  meter.add('tokens', usage.outputTokens, 1);
  meter.add('tokens', usage.cachedTokens, 2);
  meter.add('tokens', usage.reasoningTokens, 3);
}

/**
 * Whether an attempt failed and the answer was whole all the same: a stream whose head was out may have broken off, and a second attempt
 * may have been made beside a first that was only late.
 */
function isRescued({ attempts, errorCode, timeline }: Exchange): boolean {
  if (attempts < 2 || errorCode !== null) return false;
  return timeline.some(
    (event) =>
      event.kind === 'verdict' && event.class !== 'success' && event.class !== 'caller_fault',
  );
}

/** Index into STATUS_CLASSES. */
function classOf(status: number): number {
  if (status < 400) return 0;
  if (status === 429) return 2;
  if (status === 499) return 3;
  return status < 500 ? 1 : 4;
}

function recordOf(exchange: Exchange, now: number): RequestRecord {
  if (exchange.dropped.length > 0) {
    const detail = droppedText(exchange.dropped);
    exchange.timeline.push({ at: exchange.offset(now), kind: 'note', what: 'dropped', detail });
  }
  exchange.timeline.push({
    at: exchange.offset(now),
    kind: 'end',
    status: exchange.status,
    why: endOf(exchange),
  });
  return {
    id: exchange.id,
    startedAt: exchange.wallStartedAt,
    durationMs: exchange.offset(now),
    firstByteMs: exchange.firstByteAt === null ? null : exchange.offset(exchange.firstByteAt),
    method: exchange.inbound.method,
    path: shorten(exchange.path),
    operation: exchange.operation,
    dialect: dialectNameOf(exchange),
    status: exchange.status,
    errorCode: exchange.errorCode,
    aborted: exchange.callerGone,
    streamed: exchange.streamed,
    consumer: exchange.consumer?.record.id ?? null,
    model: exchange.modelName === null ? null : shorten(exchange.modelName),
    pool: exchange.model?.pool.id ?? null,
    provider: exchange.provider,
    upstreamModel: exchange.upstreamModel,
    key: exchange.key,
    attempts: exchange.attempts,
    waitMs: exchange.waitMs,
    requestBytes: exchange.body.byteLength,
    responseBytes: exchange.responseBytes,
    usage: exchange.usage,
    costMicros: exchange.costMicros,
    costEstimated: exchange.costEstimated,
    timeline: exchange.timeline,
  };
}

function endOf(exchange: Exchange): string {
  if (exchange.callerGone) return 'caller left';
  return exchange.errorCode ?? 'answered';
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN) : text;
}
