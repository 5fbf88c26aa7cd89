import type { AnswerStamp, StreamEncoder } from '../canonical/codec.ts';
import { Drops } from '../canonical/drops.ts';
import { NO_USAGE, type CanonicalUsage, type StopReason } from '../canonical/response.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { frame, MESSAGE_STOP, PING } from './block-frames.ts';
import { BlockWriter } from './block-writer.ts';
import { MESSAGES } from './dialect-name.ts';
import { messageId } from './encode-response.ts';
import { renderStreamError } from './render-error.ts';
import { writeAnswerStop } from './stop-reasons.ts';
import { writeUsage } from './usage-shape.ts';

/**
 * Writes a streamed message; of several choices the first. Counts are told at the end, where clients take all of them from: at the
 * start nobody knows them yet.
 */
export function streamEncoder(stamp: AnswerStamp): StreamEncoder {
  return new MessagesStreamEncoder(stamp);
}

class MessagesStreamEncoder implements StreamEncoder {
  readonly #stamp: AnswerStamp;
  readonly #blocks = new BlockWriter();
  readonly #kinds = new Set<string>();
  readonly #drops = new Drops();
  #started = false;
  #ended = false;
  #stop: StopReason = 'other';
  #stopDetail: string | null = null;
  #usage: CanonicalUsage = NO_USAGE;

  constructor(stamp: AnswerStamp) {
    this.#stamp = stamp;
  }

  get dropped(): readonly string[] {
    return this.#drops.names;
  }

  encode(event: StreamEvent): string {
    if (this.#ended) return '';
    switch (event.kind) {
      case 'start':
        return this.#begin(event.id, event.model);
      case 'alive':
        return PING;
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'others':
        this.#drops.addAll(event.names);
        return '';
      case 'error':
        this.#ended = true;
        return providerFailed();
      case 'end':
        return this.#end();
      default:
        return event.choice === 0 ? this.#part(event) : this.#passOver();
    }
  }

  #part(event: Extract<StreamEvent, { choice: number }>): string {
    switch (event.kind) {
      case 'text':
        return event.text === '' ? '' : this.#blocks.text(event.part, event.text);
      case 'open':
        return this.#open(event.part, event.of);
      case 'signature':
        this.#blocks.sign(event.part, event.signature);
        return '';
      case 'annotations':
        if (event.annotations.origin !== MESSAGES) this.#drops.add('citations');
        return this.#blocks.cite(event.part, event.annotations);
      case 'logprobs':
        this.#drops.add('logprobs');
        return '';
      case 'close':
        return this.#blocks.close(event.part);
      case 'stop':
      default:
        this.#stop = event.reason;
        this.#stopDetail = event.detail;
        if (event.reason === 'other') this.#drops.add('stop_reason');
        return this.#blocks.closeAll();
    }
  }

  /** Another choice than the first. */
  #passOver(): string {
    this.#drops.add('n');
    return '';
  }

  #open(part: number, of: OpenedPart): string {
    this.#kinds.add(of.kind);
    if (of.kind === 'image' || of.kind === 'audio') this.#drops.add(of.kind);
    else if (of.kind === 'foreign' && of.origin !== MESSAGES) this.#drops.add(of.name);
    return this.#begin() + this.#blocks.open(part, of);
  }

  #begin(id: string | null = null, model: string | null = null): string {
    if (this.#started) return '';
    this.#started = true;
    const message = {
      id: messageId(id, this.#stamp),
      type: 'message',
      role: 'assistant',
      model: model ?? this.#stamp.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      // clients keep this split from here, where nobody knows it yet
      usage: { ...writeUsage(NO_USAGE), cache_creation: null },
    };
    return frame('message_start', { message });
  }

  #end(): string {
    const rest = this.#begin() + this.#blocks.closeAll();
    this.#ended = true;
    const { reason, sequence } = writeAnswerStop(
      { stop: this.#stop, stopDetail: this.#stopDetail },
      { calls: this.#kinds.has('tool_call'), refusal: this.#kinds.has('refusal') },
    );
    const delta = {
      stop_reason: reason,
      stop_sequence: sequence,
      stop_details: null,
      container: null,
    };
    return rest + frame('message_delta', { delta, usage: writeUsage(this.#usage) }) + MESSAGE_STOP;
  }
}

function providerFailed(): string {
  const message = 'The provider failed.';
  return renderStreamError({ code: 'upstream_error', message, requestId: null });
}
