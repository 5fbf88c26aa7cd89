import type { Candidate } from '@keywell/core/keys/plan';
import { noteFirstContent, type Reservation } from '@keywell/core/keys/reserve';
import { SUCCESS, UNJUDGED, type Verdict } from '@keywell/core/keys/verdict';
import type { Failure } from '@keywell/core/keys/outcome';
import type { Exchange, RunningAttempt } from '../pipeline/exchange.ts';
import type { Deadlined } from '../pipeline/deadline-sweeper.ts';
import type { Plane } from '../pipeline/plane.ts';
import type {
  HeaderOf,
  OutboundControl,
  OutboundEvents,
  OutboundRequest,
} from '../seam/outbound.ts';
import type { Continuation } from '../continuation/continuation.ts';
import {
  isCredentialFailure,
  type Authorized,
  type LiveCredentials,
} from '../upstream/credentials/key-credentials.ts';
import { ofCredential } from '../upstream/credentials/judge-credential.ts';
import type { BatchCost } from '../ownership/batch-cost.ts';
import { countBatch } from '../ownership/count-batch.ts';
import { noteAnswer } from '../ownership/note-answer.ts';
import { isPassedAsStream } from '../passthrough/judge-passed.ts';
import { bookAttemptEnd } from './attempt-end.ts';
import { noteDefect } from './note-defect.ts';
import type { AttemptResult } from './attempt-result.ts';
import { classify, MAX_FAILURE_BYTES } from './classify.ts';
import { BodyCollector } from './body-collector.ts';
import { isEventStream, isJson } from './content-type.ts';
import { hearEvent, hearHead, type UnheardLimits } from './hear.ts';
import { readAnswer, NOT_JSON } from '../translate/read-answer.ts';
import { answerHeaders, withCost } from './response-headers.ts';
import { isRawAnswer, mayBeRaw } from './raw-reader.ts';
import { StreamRelay, type StreamEnd } from './stream-relay.ts';
import type { TargetFace, UpstreamTarget } from './upstream-target.ts';

/** What an attempt is given: where it goes, what it holds, and how long it may take. */
export interface AttemptPlan {
  readonly candidate: Candidate;
  readonly target: UpstreamTarget;
  readonly reservation: Reservation;
  readonly request: OutboundRequest;
  /** Monotonic instant by which the first byte of the answer must be there. */
  readonly firstByteBy: number;
  /** In which dialect the provider is spoken to; null for what is no conversation. */
  readonly face: TargetFace | null;
  /** What it could not be told. */
  readonly dropped: readonly string[];
  readonly hideUsage: boolean;
  /** Its place among the request's attempts, from 1. */
  readonly number: number;
  /** Told when its first content has come, before any of it reaches the caller. Null: it is the only attempt, and the caller's own. */
  readonly onContent: (() => void) | null;
  /** Where its stream may be gone on with elsewhere, should it break off; null where it may not. */
  readonly continuation: Continuation | null;
}

const EMPTY = new Uint8Array(0);
const noHeader: HeaderOf = () => undefined;

/**
 * One try at a provider: sends, watches the clock, reads the answer, and hands it to the caller only when it is certain that it is
 * one. Settles its reservation exactly once, whatever happens.
 */
export class Attempt implements OutboundEvents, Deadlined, RunningAttempt {
  deadlineAt: number;
  sweepSlot = -1;
  readonly #exchange: Exchange;
  readonly #plane: Plane;
  readonly #plan: AttemptPlan;
  readonly #startedAt: number;
  #resolve: (result: AttemptResult) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #control: OutboundControl | null = null;
  #status = 0;
  #header: HeaderOf = noHeader;
  #unheard: UnheardLimits | null = null;
  #collector: BodyCollector | null = null;
  #stream: StreamRelay | null = null;
  #ended = false;

  constructor(exchange: Exchange, plane: Plane, plan: AttemptPlan) {
    this.#exchange = exchange;
    this.#plane = plane;
    this.#plan = plan;
    this.#startedAt = plane.clock.now();
    this.deadlineAt = plan.firstByteBy;
  }

  run(): Promise<AttemptResult> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#plan.onContent === null) this.#exchange.running = this;
      this.#plane.sweeper.add(this);
      this.#plane.flows.sent(this.#plan.target.flow);
      if (this.#plan.target.live) this.#authorize();
      else this.#send(this.#plan.request);
    });
  }

  #send(request: OutboundRequest): void {
    try {
      (this.#exchange.outbound ?? this.#plane.outbound).send(request, this);
    } catch {
      // A header that cannot be sent: the configuration's fault, found at the first call.
      this.#fail('invalid', EMPTY);
    }
  }

  /** Has the request signed, or given a token, and sends it; without one the key has failed as if its provider had refused it. */
  #authorize(): void {
    const authorized = this.#credentials()?.authorize(this.#plan.request) ?? this.#plan.request;
    if (authorized instanceof Promise) void authorized.then((ready) => this.#sendAuthorized(ready));
    else this.#sendAuthorized(authorized);
  }

  #sendAuthorized(authorized: Authorized): void {
    if (this.#ended) return;
    if (isCredentialFailure(authorized)) this.#failBy(authorized.verdict, EMPTY);
    else this.#send(authorized);
  }

  #credentials(): LiveCredentials | null {
    return this.#plane.credentials.of(this.#plan.candidate, this.#plan.target);
  }

  onStart(control: OutboundControl): void {
    this.#control = control;
    if (this.#ended) control.abort();
  }

  onHead(status: number, header: HeaderOf): void {
    if (this.#ended) return;
    try {
      this.#takeHead(status, header);
    } catch (error) {
      this.#defect(error);
    }
  }

  #takeHead(status: number, header: HeaderOf): void {
    const { pool } = this.#pool();
    this.#status = status;
    this.#header = header;
    const { target, candidate } = this.#plan;
    this.#plane.flows.told(target.flow, header, this.#startedAt);
    const account = target.account.look(header);
    if (account !== null) this.#plane.accountSeen(candidate, account);
    const now = this.#plane.clock.now();
    this.#unheard = hearHead(this.#exchange, this.#plane, this.#plan, { status, header });
    this.deadlineAt = now + pool.idleTimeoutMs;
    const encoding = header('content-encoding');
    if (status >= 300 && status < 400) this.#fail('redirect', EMPTY);
    else if (status >= 300) this.#collector = new BodyCollector(MAX_FAILURE_BYTES);
    else if (encoding !== undefined && encoding !== 'identity') this.#fail('invalid', EMPTY);
    else if (this.#isStream(header)) this.#openStream();
    else this.#collector = new BodyCollector(this.#exchange.live.head.traffic.maxResponseBytes);
  }

  #isStream(header: HeaderOf): boolean {
    const { operation, streamed } = this.#exchange;
    if (operation === 'passthrough') return isPassedAsStream(header, this.#status);
    if (mayBeRaw(operation)) return isRawAnswer(operation, isJson(header));
    return streamed && isEventStream(header, this.#plan.face);
  }

  /** The first content is here: whoever else watches the attempt hears of it, and what it was looking for has been seen. */
  #onContent(): void {
    const { live } = this.#exchange;
    const now = this.#plane.clock.now();
    const changes = noteFirstContent(live.table, this.#plan.reservation, now);
    if (changes.length > 0) this.#plane.cooled(changes, live);
    this.#exchange.dropped = this.#plan.dropped;
    this.#plan.onContent?.();
  }

  onData(chunk: Uint8Array): void {
    if (this.#ended) return;
    try {
      this.#takeData(chunk);
    } catch (error) {
      this.#defect(error);
    }
  }

  #takeData(received: Uint8Array): void {
    const session = this.#exchange.operation === 'realtime';
    const chunk = session ? hearEvent(this.#exchange, this.#plane, this.#plan, received) : received;
    if (this.#stream !== null) {
      this.deadlineAt = this.#stream.push(chunk, this.#plane.clock.now());
      return;
    }
    this.deadlineAt = this.#plane.clock.now() + this.#pool().pool.idleTimeoutMs;
    const collector = this.#collector;
    collector?.push(chunk);
    if (collector?.overflowed !== true) return;
    if (this.#status >= 300) this.#fail(null, collector.bytes());
    else this.#fail('invalid', EMPTY);
  }

  onEnd(): void {
    if (this.#ended) return;
    try {
      if (this.#stream !== null) this.#stream.end();
      else this.#endCollected(this.#collector?.bytes() ?? EMPTY);
    } catch (error) {
      this.#defect(error);
    }
  }

  /** What a provider sent met a defect of our own: it costs this request, never the worker whose socket has called us. */
  #defect(error: unknown): void {
    this.#reject(error);
    if (this.#ended) {
      noteDefect(this.#exchange, this.#plane.clock.now(), error);
      return;
    }
    this.#stream?.drop();
    this.#failBy(UNJUDGED, EMPTY);
  }

  onFail(failure: Failure | 'aborted', _detail: string): void {
    if (this.#ended) return;
    if (failure === 'aborted') this.#fail('truncated', EMPTY);
    else if (this.#stream !== null) this.#stream.broken('truncated');
    else this.#fail(failure, this.#collector?.bytes() ?? EMPTY);
  }

  onDeadline(now: number): void {
    if (this.#ended) return;
    if (this.#stream !== null) this.#stream.timedOut(now);
    else if (this.#status !== 0) this.#fail('truncated', EMPTY);
    else this.#fail(this.#control?.sent === true ? 'first_byte_timeout' : 'connect', EMPTY);
  }

  callerLeft(): void {
    if (this.#ended) return;
    this.#stream?.callerLeft();
    this.#finish(UNJUDGED, { kind: 'left' });
    this.#control?.abort();
  }

  /** Ends it because another attempt of the request was faster: cancelled at the provider, judged by nobody, its cost estimated. */
  drop(): void {
    if (this.#ended) return;
    this.#stream?.drop();
    this.#finish(UNJUDGED, { kind: 'dropped' });
    this.#control?.abort();
  }

  callerReads(): void {
    if (this.#stream === null) return;
    this.deadlineAt = this.#stream.callerReads(this.#plane.clock.now());
  }

  #openStream(): void {
    const { pool } = this.#pool();
    this.#stream = new StreamRelay(this.#exchange, this.#plane, {
      status: this.#exchange.operation === 'passthrough' ? this.#status : 200,
      upstreamHeader: this.#header,
      control: this.#control,
      face: this.#plan.face,
      hideUsage: this.#plan.hideUsage,
      idleTimeoutMs: pool.idleTimeoutMs,
      endsBy: (this.#exchange.firstByteAt ?? this.#startedAt) + pool.maxStreamDurationMs,
      onContent: () => this.#onContent(),
      continuation: this.#plan.continuation,
      candidate: this.#plan.candidate,
      onRefused: (failure, body) => this.#fail(failure, body),
      onEnded: (how) => this.#endStream(how),
    });
  }

  /** The caller has got what there was; what remains is to judge how it ended. */
  #endStream(how: StreamEnd): void {
    if (how.kind === 'whole') this.#finish(SUCCESS, { kind: 'answered', well: true });
    else if (how.kind === 'cut') this.#finish(UNJUDGED, { kind: 'answered', well: false });
    else {
      const verdict = this.#classify(how.failure, how.body);
      this.#finish(
        verdict,
        how.goesOn ? { kind: 'interrupted' } : { kind: 'answered', well: false },
      );
    }
    if (how.kind !== 'whole') this.#control?.abort();
  }

  #endCollected(body: Uint8Array): void {
    if (this.#status >= 300) {
      this.#fail(null, body);
      return;
    }
    const exchange = this.#exchange;
    const isAnswer = exchange.operation === 'passthrough' || isJson(this.#header);
    const answer = isAnswer ? readAnswer(exchange, this.#plan.face, body) : NOT_JSON;
    if (answer.kind === 'whole') noteAnswer(exchange, this.#plane, this.#plan, body);
    if (answer.kind !== 'whole' || exchange.streamed) {
      this.#fail(answer.kind === 'error_inside' ? null : 'invalid', body);
      return;
    }
    const counting = countBatch(exchange, this.#plane, body);
    if (counting === null) this.#answerWhole(answer.body);
    else void this.#answerCounted(counting, answer.body);
  }

  /** What the batch cost is in the request's cost before its answer leaves. */
  async #answerCounted(
    counting: Promise<BatchCost | null>,
    body: Uint8Array | string,
  ): Promise<void> {
    try {
      const cost = await counting;
      if (this.#ended) return;
      this.#exchange.batch = cost;
      this.#answerWhole(body);
      if (cost !== null) this.#exchange.usage = cost.usage;
    } catch (error) {
      this.#defect(error);
    }
  }

  #answerWhole(body: Uint8Array | string): void {
    const exchange = this.#exchange;
    const now = this.#plane.clock.now();
    this.#finish(SUCCESS, { kind: 'answered', well: true });
    exchange.status = this.#status;
    exchange.firstByteAt = now;
    exchange.responseBytes = Buffer.byteLength(body);
    exchange.inbound.respond(
      this.#status,
      withCost(answerHeaders(exchange, this.#header('content-type') ?? '', this.#header), exchange),
      body,
    );
  }

  /** The attempt did not bring an answer; nothing has reached the caller. */
  #fail(failure: Failure | null, body: Uint8Array): void {
    const said = this.#classify(failure, body);
    // What is no answer is no success either, although nothing in it says so.
    const verdict = said.class === 'success' ? this.#classify('invalid', body) : said;
    this.#failBy(this.#plan.target.live ? this.#ofCredential(verdict) : verdict, body);
  }

  #ofCredential(verdict: Verdict): Verdict {
    const seen = { startedAt: this.#startedAt, header: this.#header };
    return ofCredential(verdict, this.#credentials(), seen);
  }

  #failBy(verdict: Verdict, body: Uint8Array): void {
    this.#finish(verdict, {
      kind: 'failed',
      verdict,
      status: this.#status,
      body,
      contentType: this.#header('content-type') ?? '',
    });
    this.#control?.abort();
  }

  #classify(failure: Failure | null, body: Uint8Array): Verdict {
    return classify(this.#exchange, this.#plan.target, {
      status: this.#status,
      failure,
      header: this.#header,
      body,
      wallNow: this.#plane.clock.wallNow(),
    });
  }

  #finish(verdict: Verdict, result: AttemptResult): void {
    if (this.#ended) return;
    this.#ended = true;
    const { clock, sweeper } = this.#plane;
    const now = clock.now();
    sweeper.remove(this);
    if (this.#plan.onContent === null) this.#exchange.running = null;
    this.#exchange.upstreamMs += now - this.#startedAt;
    bookAttemptEnd(this.#exchange, this.#plane, this.#plan, {
      result,
      verdict,
      status: this.#status,
      sent: this.#control?.sent === true,
      told: this.#unheard?.take(),
      startedAt: this.#startedAt,
      now,
    });
    this.#resolve(result);
  }

  #pool() {
    const model = this.#exchange.model;
    if (model === null) throw new Error('an attempt without a resolved model');
    return model;
  }
}
