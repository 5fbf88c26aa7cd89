import type { AnswerStamp, StreamEncoder } from '../canonical/codec.ts';
import { Drops } from '../canonical/drops.ts';
import type { CanonicalUsage } from '../canonical/response.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { isJsonArray, type JsonObject } from '../json/value.ts';
import { encodeAnnotations } from './annotations-shape.ts';
import { nameExtras } from './encode-content.ts';
import { encodeImage, logprobsOf } from './encode-response.ts';
import { sealedDetail, signatureDetail } from './reasoning-details.ts';
import { encodeStop, nameStop } from './stop-reasons.ts';
import { extraContent } from './tool-call-shape.ts';
import { encodeUsage } from './usage-shape.ts';

type Of<K extends StreamEvent['kind']> = Extract<StreamEvent, { kind: K }>;

interface EncodedPart {
  readonly kind: OpenedPart['kind'];
  /** What stands around a delta's text: up to it (twice for a thought), and behind it. */
  readonly before: string;
  readonly between: string | null;
  readonly after: string;
  /** Its number among the calls, or among the thoughts of its choice. */
  readonly index: number;
  /** Under which name a call's fragments stand. */
  readonly call: CallMember;
}

type CallMember = 'function' | 'custom' | 'function_call';

interface EncodedChoice {
  readonly parts: (EncodedPart | undefined)[];
  calls: number;
  details: number;
  refused: boolean;
}

/**
 * Chunks as OpenAI sends them: the role first, a `finish_reason` at the end of each choice, usage in a chunk without choices, `[DONE]`.
 * A thought is told in `reasoning_content` and, for those who hand it back with its proof, in `reasoning_details`.
 */
export function streamEncoder(stamp: AnswerStamp): StreamEncoder {
  return new ChatStreamEncoder(stamp);
}

class ChatStreamEncoder implements StreamEncoder {
  readonly #stamp: AnswerStamp;
  readonly #tail: string;
  /** Whether the caller declared `functions`: then one call is told, and as such. */
  readonly #legacy: boolean;
  readonly #choices = new Map<number, EncodedChoice>();
  readonly #drops = new Drops();
  #head: string;
  #usage: CanonicalUsage | null = null;

  constructor(stamp: AnswerStamp) {
    this.#stamp = stamp;
    this.#legacy = stamp.request.legacyFunctions === true;
    this.#tail = stamp.includeUsage ? ',"usage":null}\n\n' : '}\n\n';
    this.#head = this.#headOf(null, null, null);
  }

  get dropped(): readonly string[] {
    return this.#drops.names;
  }

  encode(event: StreamEvent): string {
    switch (event.kind) {
      case 'text':
        return this.#text(event);
      case 'start':
        this.#head = this.#headOf(event.id, event.model, event.createdAt);
        return '';
      case 'open':
        return this.#open(event);
      case 'signature':
        return this.#signature(event);
      case 'annotations': {
        const list = encodeAnnotations(event.annotations);
        return list === null
          ? this.#drop('citations')
          : this.#delta(event.choice, { annotations: list });
      }
      case 'logprobs':
        return this.#logprobs(event);
      case 'stop':
        return this.#stop(event);
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'others':
        this.#drops.addAll(event.names);
        return '';
      case 'end':
        return `${this.#usageChunk()}data: [DONE]\n\n`;
      default:
        return '';
    }
  }

  /** The delta path: nothing but the text is serialised. */
  #text({ choice, part, text }: Of<'text'>): string {
    const encoded = this.#choices.get(choice)?.parts[part];
    if (encoded === undefined) return '';
    const json = JSON.stringify(text);
    const { before, between, after } = encoded;
    return between === null ? before + json + after : before + json + between + json + after;
  }

  #open({ choice: index, part, of }: Of<'open'>): string {
    const known = this.#choices.get(index);
    const choice = known ?? this.#begin(index);
    const role = known === undefined ? this.#roleChunk(index) : '';
    const number = of.kind === 'tool_call' ? choice.calls++ : choice.details;
    if (of.kind === 'thinking') choice.details++;
    choice.refused ||= of.kind === 'refusal';
    if (this.#legacy && of.kind === 'tool_call' && number > 0) return this.#drop('tool_calls');
    choice.parts[part] = this.#partOf(index, of, number);
    return role + this.#opening(index, of, number);
  }

  /** What a part says by its beginning alone. */
  #opening(index: number, of: OpenedPart, number: number): string {
    switch (of.kind) {
      case 'tool_call': {
        const { id, name } = of;
        if (this.#legacy) return this.#delta(index, { function_call: { name, arguments: '' } });
        const call = of.custom
          ? { index: number, id, type: 'custom', custom: { name, input: '' } }
          : { index: number, id, type: 'function', function: { name, arguments: '' } };
        return this.#delta(index, { tool_calls: [call] });
      }
      case 'thinking':
        if (of.sealed === null) return '';
        return this.#delta(index, {
          reasoning_details: [sealedDetail(of.sealed, of.id, number)],
        });
      case 'image': {
        nameExtras(of, this.#drops);
        const image = encodeImage(of);
        return image === null ? this.#drop('image') : this.#delta(index, { images: [image] });
      }
      case 'foreign':
        if (of.origin !== 'openai-chat' || of.name !== 'audio') return this.#drop(of.name);
        return this.#delta(index, { audio: of.value });
      case 'audio':
        return this.#drop(of.kind);
      default:
        return '';
    }
  }

  #partOf(choice: number, of: OpenedPart, index: number): EncodedPart {
    const start = `${this.#head}{"index":${choice},"delta":{`;
    const end = `},"logprobs":null,"finish_reason":null}]${this.#tail}`;
    const bare = { kind: of.kind, between: null, index, call: 'function' as const };
    switch (of.kind) {
      case 'tool_call': {
        if (this.#legacy) {
          const before = `${start}"function_call":{"arguments":`;
          return { ...bare, before, after: `}${end}`, call: 'function_call' };
        }
        const call = of.custom ? 'custom' : 'function';
        const member = of.custom ? '"custom":{"input":' : '"function":{"arguments":';
        const before = `${start}"tool_calls":[{"index":${index},${member}`;
        return { ...bare, before, after: `}}]${end}`, call };
      }
      case 'thinking':
        return {
          ...bare,
          before: `${start}"reasoning_content":`,
          between: ',"reasoning_details":[{"type":"reasoning.text","text":',
          after: `,"index":${index}}]${end}`,
        };
      case 'refusal':
        return { ...bare, before: `${start}"refusal":`, after: end };
      default:
        return { ...bare, before: `${start}"content":`, after: end };
    }
  }

  /** On a call it comes with an empty fragment, which every client can read. */
  #signature({ choice, part, signature }: Of<'signature'>): string {
    const encoded = this.#choices.get(choice)?.parts[part];
    if (encoded === undefined) return '';
    const { index, call } = encoded;
    if (encoded.kind === 'thinking') {
      return this.#delta(choice, { reasoning_details: [signatureDetail(signature, index)] });
    }
    const extra = extraContent(signature);
    if (encoded.kind !== 'tool_call') return this.#delta(choice, extra);
    if (call === 'function_call') {
      return this.#delta(choice, { function_call: { arguments: '', ...extra } });
    }
    const fragment =
      call === 'custom' ? { custom: { input: '' } } : { function: { arguments: '' } };
    return this.#delta(choice, { tool_calls: [{ index, ...fragment, ...extra }] });
  }

  #logprobs({ choice, part, logprobs }: Of<'logprobs'>): string {
    const encoded = this.#choices.get(choice)?.parts[part];
    if (encoded === undefined || !isJsonArray(logprobs)) return this.#drop('logprobs');
    const list = logprobsOf(logprobs, encoded.kind === 'refusal');
    return this.#chunk(choice, {}, list, null);
  }

  #stop({ choice: index, reason, detail }: Of<'stop'>): string {
    const known = this.#choices.get(index);
    const choice = known ?? this.#begin(index);
    const role = known === undefined ? this.#roleChunk(index) : '';
    nameStop({ reason, detail }, false, this.#drops);
    const said = encodeStop(
      { reason, detail },
      { own: false, refusal: choice.refused, legacy: this.#legacy },
    );
    return role + this.#chunk(index, {}, null, said);
  }

  #drop(name: string): string {
    this.#drops.add(name);
    return '';
  }

  #begin(index: number): EncodedChoice {
    const choice = { parts: [], calls: 0, details: 0, refused: false };
    this.#choices.set(index, choice);
    return choice;
  }

  #roleChunk(choice: number): string {
    return this.#delta(choice, { role: 'assistant', content: '', refusal: null });
  }

  #delta(choice: number, delta: JsonObject): string {
    return this.#chunk(choice, delta, null, null);
  }

  #chunk(
    index: number,
    delta: JsonObject,
    logprobs: JsonObject | null,
    finishReason: string | null,
  ): string {
    const choice = JSON.stringify({ index, delta, logprobs, finish_reason: finishReason });
    return `${this.#head}${choice}]${this.#tail}`;
  }

  /** Only where the caller asked for it. */
  #usageChunk(): string {
    if (!this.#stamp.includeUsage || this.#usage === null) return '';
    return `${this.#head}],"usage":${JSON.stringify(encodeUsage(this.#usage))}}\n\n`;
  }

  #headOf(id: string | null, model: string | null, createdAt: number | null): string {
    const stamp = this.#stamp;
    const members = JSON.stringify({
      id: id ?? `chatcmpl-${stamp.id}`,
      object: 'chat.completion.chunk',
      created: createdAt ?? stamp.createdAt,
      model: model ?? stamp.model,
    });
    return `data: ${members.slice(0, -1)},"choices":[`;
  }
}
