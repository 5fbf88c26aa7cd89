/**
 * A streamed answer as server-sent events, each a GenerateContentResponse. Every event has a content with a part, the last one an empty
 * text: the chat of the official SDK forgets an answer with an event that has none (`isValidResponse` of @google/genai).
 */
import type { AnswerStamp, StreamEncoder } from '../canonical/codec.ts';
import type { Signature } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import type { CanonicalUsage } from '../canonical/response.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import type { JsonObject } from '../json/value.ts';
import { encodePart } from './encode-content.ts';
import { callerTarget, ownAnnotations } from './encode-response.ts';
import { encodeLogprobs } from './logprobs.ts';
import { writeProof } from './proof.ts';
import { encodeStop, nameStop } from './stop-reasons.ts';
import { encodeUsage } from './usage-shape.ts';

const PREFIX = 'data: {"candidates":[{"content":{"parts":[';
const EMPTY_TEXT: JsonObject = { text: '' };

type Of<K extends StreamEvent['kind']> = Extract<StreamEvent, { kind: K }>;

interface OpenPart {
  readonly of: OpenedPart;
  /** A call's arguments, which Gemini wants whole; nothing of other parts. */
  text: string;
  spoken: boolean;
  signature: Signature | null;
}

export class GeminiStreamEncoder implements StreamEncoder {
  readonly #drops = new Drops();
  readonly #open = new Map<number, Map<number, OpenPart>>();
  readonly #stops = new Map<number, string>();
  #id: string;
  #model: string;
  #usage: CanonicalUsage | null = null;
  #suffix = '';

  constructor(stamp: AnswerStamp) {
    this.#id = stamp.id;
    this.#model = stamp.model;
    this.#stamp();
  }

  get dropped(): readonly string[] {
    return this.#drops.names;
  }

  encode(event: StreamEvent): string {
    switch (event.kind) {
      case 'text':
        return this.#text(event);
      case 'start':
        this.#id = event.id ?? this.#id;
        this.#model = event.model ?? this.#model;
        this.#stamp();
        return '';
      case 'open':
        return this.#begin(event);
      case 'signature':
        return this.#sign(event);
      case 'close':
        return this.#close(event);
      case 'annotations':
        return this.#beside(event.choice, ownAnnotations(event.annotations, this.#drops));
      case 'logprobs': {
        const logprobsResult = encodeLogprobs(event.logprobs);
        if (logprobsResult === null) this.#drops.add('logprobs');
        return this.#beside(event.choice, logprobsResult === null ? {} : { logprobsResult });
      }
      case 'stop':
        nameStop(event, this.#drops);
        this.#stops.set(event.choice, encodeStop(event));
        return '';
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'others':
        this.#drops.addAll(event.names);
        return '';
      case 'end':
        return this.#end();
      // An error is rendered by who knows what it means: see `renderStreamError`.
      default:
        return '';
    }
  }

  #stamp(): void {
    const model = JSON.stringify(this.#model);
    this.#suffix = `}],"modelVersion":${model},"responseId":${JSON.stringify(this.#id)}}\n\n`;
  }

  #text({ choice, part, text }: Of<'text'>): string {
    const open = this.#open.get(choice)?.get(part);
    if (open === undefined || text === '') return '';
    const { kind } = open.of;
    if (kind === 'tool_call') {
      open.text += text;
      return '';
    }
    open.spoken = true;
    const thought = kind === 'thinking' ? ',"thought":true' : '';
    return `${PREFIX}{"text":${JSON.stringify(text)}${thought}}],"role":"model"},"index":${choice}${this.#suffix}`;
  }

  #begin({ choice, part, of }: Of<'open'>): string {
    let parts = this.#open.get(choice);
    if (parts === undefined) {
      parts = new Map();
      this.#open.set(choice, parts);
    }
    parts.set(part, { of, text: '', spoken: false, signature: null });
    if (of.kind === 'thinking') {
      if (of.sealed === null) return '';
      const thoughtSignature = writeProof({ signature: null, sealed: of.sealed, id: of.id });
      const thought = of.sealed.origin === 'gemini' ? {} : { thought: true };
      return this.#parts(choice, [{ text: '', ...thought, thoughtSignature }]);
    }
    const whole = of.kind === 'image' || of.kind === 'audio' || of.kind === 'foreign';
    return whole ? this.#parts(choice, encodePart(of, callerTarget(this.#drops))) : '';
  }

  #sign({ choice, part, signature }: Of<'signature'>): string {
    const open = this.#open.get(choice)?.get(part);
    if (open === undefined) return '';
    if (open.of.kind === 'tool_call') {
      open.signature = signature;
      return '';
    }
    const id = open.of.kind === 'thinking' ? open.of.id : null;
    const thoughtSignature = writeProof({ signature, sealed: null, id });
    // As in a whole answer: Gemini's signature alone is an empty text's.
    const thought = open.of.kind === 'thinking' && (open.spoken || signature.origin !== 'gemini');
    return this.#parts(choice, [{ text: '', ...(thought ? { thought } : {}), thoughtSignature }]);
  }

  #close({ choice, part }: Of<'close'>): string {
    const parts = this.#open.get(choice);
    const open = parts?.get(part);
    if (parts === undefined || open === undefined) return '';
    parts.delete(part);
    const { of, text, signature } = open;
    if (of.kind !== 'tool_call') return '';
    const call = { ...of, arguments: text, signature, cache: null };
    return this.#parts(choice, encodePart(call, callerTarget(this.#drops)));
  }

  #parts(choice: number, parts: readonly JsonObject[]): string {
    if (parts.length === 0) return '';
    const text = parts.map((part) => JSON.stringify(part)).join(',');
    return `${PREFIX}${text}],"role":"model"},"index":${choice}${this.#suffix}`;
  }

  /** Members of a candidate beside its content. */
  #beside(choice: number, members: JsonObject): string {
    if (Object.keys(members).length === 0) return '';
    return this.#chunk({ candidates: [spoken(choice, members)] });
  }

  #end(): string {
    const candidates = [...this.#stops].map(([choice, finishReason]) =>
      spoken(choice, { finishReason }),
    );
    const usage = this.#usage === null ? {} : encodeUsage(this.#usage, this.#drops);
    return this.#chunk({
      ...(candidates.length === 0 ? {} : { candidates }),
      ...(this.#usage === null ? {} : { usageMetadata: usage }),
    });
  }

  #chunk(members: JsonObject): string {
    const chunk = { ...members, modelVersion: this.#model, responseId: this.#id };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }
}

/** A candidate with a content that says nothing. */
function spoken(index: number, members: JsonObject): JsonObject {
  return { content: { parts: [EMPTY_TEXT], role: 'model' }, index, ...members };
}
