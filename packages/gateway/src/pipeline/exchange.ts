import type { ErrorCode } from '@keywell/core/errors/catalogue';
import type { TimelineEvent, TokenUsage } from '@keywell/core/log/request-record';
import type { ToldLimit } from '@keywell/core/waiting/pool-capacity';
import type { Demands } from '@keywell/core/keys/demands';
import type { CallerDialect } from '@keywell/wire/edit/conversation';
import type { RequestFacts } from '@keywell/wire/edit/request-members';
import type { SpendHold } from '../budgets/spend-hold.ts';
import type { Inbound, InboundEvents } from '../seam/inbound.ts';
import type { Outbound } from '../seam/outbound.ts';
import type { BatchCost } from '../ownership/batch-cost.ts';
import type { Pin } from '../ownership/pin.ts';
import type { ObjectCall } from '../ownership/upstream-call.ts';
import type { PassedCall } from '../passthrough/passed-call.ts';
import type { Refusal } from './refusal.ts';
import type { EmbedCall } from '../translate/embeddings.ts';
import type { CallTranslation } from '../translate/call-translation.ts';
import type {
  LiveConsumer,
  LiveModel,
  LiveSnapshot,
  NamedTarget,
} from '../snapshot/live-snapshot.ts';
import type { Operation } from '../telemetry/metric-table.ts';

/** The attempt that is under way, as far as the caller's side has to tell it something. */
export interface RunningAttempt {
  callerLeft(): void;
  callerReads(): void;
}

/** Something that writes the answer down, and is told once when the request has ended. */
export interface Recording {
  end(exchange: Exchange): void;
}

const EMPTY = new Uint8Array(0);
const NOTHING_DROPPED: readonly string[] = Object.freeze([]);

/**
 * Everything that is known of one request while it lives: what the phases found out, and what the log will say. One object a
 * request; phases write the fields that are theirs.
 */
export class Exchange implements InboundEvents {
  readonly id: string;
  /** The caller's connection; written down where the call may be given again. */
  inbound: Inbound;
  recording: Recording | null = null;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly wallStartedAt: number;
  live: LiveSnapshot;
  readonly path: string;
  readonly query: string;

  operation: Operation = 'unknown';
  /** The part of the path a route leaves open, as received: the model of `/v1/models/{model}`. */
  pathParameter = '';
  consumer: LiveConsumer | null = null;
  /** Flat `x-ratelimit-*` names and values: of the consumer's own limit, or of its share of the pool where that is tighter. */
  limitHeaders: readonly string[] = [];
  /** That limit in numbers; null without one. */
  ownLimit: ToldLimit | null = null;
  /** What the call holds of its consumer's budget; null without one. */
  spend: SpendHold | null = null;
  body: Uint8Array = EMPTY;
  /** Of a form, with its boundary; null for JSON. */
  contentType: string | null = null;
  facts: RequestFacts | null = null;
  /** How vectors are to be told to a caller of Gemini; null for everybody else. */
  embed: EmbedCall | null = null;
  /** The dialect of the conversation; null for what is none. */
  conversation: CallerDialect | null = null;
  /** What was thrown when the answer was settled already; null where nothing was. */
  lateDefect: { readonly error: unknown } | null = null;
  /** The call in other dialects; made when the first provider is asked that does not speak its own. */
  translation: CallTranslation | null = null;
  /** Why the call could not be understood; null while nobody had to, or it was. */
  translationFault: Refusal | null = null;
  /** What the call asks of a model; worked out where a model of the pool lacks anything. */
  demands: Demands | null = null;
  /** Whether a provider that cannot be told all of it may not be asked. */
  strict = false;
  /** What the provider that was asked last could not be told, and of its answer the caller. */
  dropped: readonly string[] = NOTHING_DROPPED;
  /** Where attempts are sent; null: where all calls are. */
  outbound: Outbound | null = null;
  /** Which candidates can serve the call at all; null where every one of the pool's can. */
  pin: Pin | null = null;
  /** What is asked of the provider where it is none of a model's calls; null otherwise. */
  asks: ObjectCall | PassedCall | null = null;
  modelName: string | null = null;
  model: LiveModel | null = null;
  /** The one target that a caller named as `provider/model`; null where any of the pool may serve. */
  only: NamedTarget | null = null;

  provider: string | null = null;
  upstreamModel: string | null = null;
  key: string | null = null;
  attempts = 0;
  waitMs = 0;
  /** What the call may wait in all until it is sent, milliseconds. */
  patienceMs = 0;
  /** Monotonic milliseconds spent waiting for providers, to tell the gateway's own time apart. */
  upstreamMs = 0;

  status = 0;
  errorCode: ErrorCode | null = null;
  streamed = false;
  /** Gemini's other framing of a stream: one JSON array that grows, for a caller who did not say `alt=sse`. */
  asArray = false;
  callerGone = false;
  /** The answer's head is out; what goes wrong from here on is told inside the answer. */
  begun = false;
  firstByteAt: number | null = null;
  responseBytes = 0;
  usage: TokenUsage | null = null;
  /** What its attempts have cost so far, USD micros; null once the price of one was not known. */
  costMicros: number | null = 0;
  costEstimated = false;
  /** What the batch cost that the answer tells of, for the answer that it is counted with. */
  batch: BatchCost | null = null;
  readonly timeline: TimelineEvent[] = [];
  running: RunningAttempt | null = null;

  constructor(
    inbound: Inbound,
    live: LiveSnapshot,
    stamp: { id: string; now: number; wallNow: number },
  ) {
    this.inbound = inbound;
    this.live = live;
    this.id = stamp.id;
    this.startedAt = stamp.now;
    this.wallStartedAt = stamp.wallNow;
    const question = inbound.target.indexOf('?');
    this.path = question === -1 ? inbound.target : inbound.target.slice(0, question);
    this.query = question === -1 ? '' : inbound.target.slice(question + 1);
    inbound.events = this;
  }

  onCallerLeft(): void {
    this.callerGone = true;
    this.running?.callerLeft();
  }

  onDrain(): void {
    this.running?.callerReads();
  }

  /** Sends the answer's head. */
  begin(headers: readonly string[], status = 200): void {
    this.begun = true;
    this.status = status;
    this.inbound.begin(status, headers);
  }

  /** Goes on by another snapshot. */
  moveTo(live: LiveSnapshot): void {
    this.live.requests -= 1;
    live.requests += 1;
    this.live = live;
  }

  /** Milliseconds since the head arrived, rounded to a tenth for the log. */
  offset(now: number): number {
    return Math.round((now - this.startedAt) * 10) / 10;
  }
}
