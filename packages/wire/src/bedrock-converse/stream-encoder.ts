import type { StreamEncoder } from '../canonical/codec.ts';
import type { MediaSource, Signature } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import { NO_USAGE, type CanonicalUsage } from '../canonical/response.ts';
import { sealSignature } from '../canonical/signature.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { CONVERSE } from './dialect-name.ts';
import { formatOf } from './media-formats.ts';
import { writeStop } from './stop-reasons.ts';
import { writeUsage } from './usage-shape.ts';

interface Block {
  readonly kind: OpenedPart['kind'];
  /** A tool that takes free text, which rides as `{"input": text}`. */
  readonly custom: boolean;
  /** -1 until something of it was written, so that indexes have no gaps. */
  index: number;
}

const FREE_TEXT_BEGIN = '{"input":"';
const FREE_TEXT_END = '"}';

type Of<K extends StreamEvent['kind']> = Extract<StreamEvent, { kind: K }>;

/**
 * Events of `ConverseStream`, written as an SSE stream writes events: what makes frames of them takes name and data (`encodeFrame`).
 * A stream has one choice; what it cannot say (audio, blocks of other dialects) is left out whole, and named.
 */
export class ConverseStreamEncoder implements StreamEncoder {
  readonly #blocks = new Map<number, Block>();
  readonly #drops = new Drops();
  #next = 0;
  #usage: CanonicalUsage = NO_USAGE;

  get dropped(): readonly string[] {
    return this.#drops.names;
  }

  encode(event: StreamEvent): string {
    if ('choice' in event && event.choice > 0) return this.#drop('n');
    switch (event.kind) {
      case 'text':
        return this.#text(event);
      case 'open':
        return this.#open(event);
      case 'close':
        return this.#close(event);
      case 'signature':
        return this.#signature(event);
      case 'annotations':
        return this.#annotations(event);
      default:
        return this.#whole(event);
    }
  }

  #whole(
    event: Exclude<StreamEvent, Of<'text' | 'open' | 'close' | 'signature' | 'annotations'>>,
  ): string {
    switch (event.kind) {
      case 'start':
        return written('messageStart', '{"role":"assistant"}');
      case 'stop': {
        const stopReason = writeStop(event.reason, event.detail);
        return written('messageStop', JSON.stringify({ stopReason }));
      }
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'end': {
        const metadata = { usage: writeUsage(this.#usage), metrics: { latencyMs: 0 } };
        return written('metadata', JSON.stringify(metadata));
      }
      case 'error':
        return written('exception:internalServerException', '{"message":"The stream failed."}');
      case 'others':
        this.#drops.addAll(event.names);
        return '';
      case 'logprobs':
        return this.#drop('logprobs');
      default:
        return '';
    }
  }

  #drop(name: string): string {
    this.#drops.add(name);
    return '';
  }

  #open({ part, of }: Of<'open'>): string {
    const custom = of.kind === 'tool_call' && of.custom;
    const block: Block = { kind: of.kind, custom, index: -1 };
    this.#blocks.set(part, block);
    if (of.kind === 'tool_call') {
      const start = this.#startOf(block, { toolUse: { toolUseId: of.id, name: of.name } });
      return custom ? start + this.#input(block, FREE_TEXT_BEGIN) : start;
    }
    if (of.kind === 'thinking' && of.sealed !== null) return this.#sealed(block, of.sealed);
    if (of.kind === 'image') return this.#image(block, of.source);
    if (of.kind === 'audio') return this.#drop(of.kind);
    return of.kind === 'foreign' ? this.#drop(of.name) : '';
  }

  #startOf(block: Block, start: object): string {
    const data = JSON.stringify({ start, contentBlockIndex: this.#indexOf(block) });
    return written('contentBlockStart', data);
  }

  #sealed(block: Block, sealed: Signature): string {
    const redacted = JSON.stringify(sealSignature(sealed, CONVERSE));
    return this.#deltaOf(block, `{"reasoningContent":{"redactedContent":${redacted}}}`);
  }

  #image(block: Block, source: MediaSource): string {
    const format = source.kind === 'base64' ? formatOf('image', source.mediaType) : null;
    if (format === null || source.kind !== 'base64') return this.#drop('image');
    const start = this.#startOf(block, { image: { format } });
    const delta = JSON.stringify({ image: { source: { bytes: source.data } } });
    return start + this.#deltaOf(block, delta);
  }

  #text({ part, text }: Of<'text'>): string {
    const block = this.#blocks.get(part);
    const quoted = JSON.stringify(text);
    switch (block?.kind) {
      case 'text':
      case 'refusal':
        return this.#deltaOf(block, `{"text":${quoted}}`);
      case 'thinking':
        return this.#deltaOf(block, `{"reasoningContent":{"text":${quoted}}}`);
      case 'tool_call':
        return this.#input(block, block.custom ? quoted.slice(1, -1) : text);
      default:
        return '';
    }
  }

  #input(block: Block, text: string): string {
    return this.#deltaOf(block, `{"toolUse":{"input":${JSON.stringify(text)}}}`);
  }

  #signature({ part, signature }: Of<'signature'>): string {
    const block = this.#blocks.get(part);
    if (block?.kind !== 'thinking') return '';
    const proof = JSON.stringify(sealSignature(signature, CONVERSE));
    return this.#deltaOf(block, `{"reasoningContent":{"signature":${proof}}}`);
  }

  #annotations({ part, annotations }: Of<'annotations'>): string {
    const block = this.#blocks.get(part);
    if (block?.kind !== 'text' || annotations.origin !== CONVERSE) return this.#drop('citations');
    return annotations.list
      .map((citation) => this.#deltaOf(block, JSON.stringify({ citation })))
      .join('');
  }

  #close({ part }: Of<'close'>): string {
    const block = this.#blocks.get(part);
    this.#blocks.delete(part);
    if (block === undefined || block.index < 0) return '';
    const rest = block.custom ? this.#input(block, FREE_TEXT_END) : '';
    return rest + written('contentBlockStop', `{"contentBlockIndex":${block.index}}`);
  }

  #deltaOf(block: Block, delta: string): string {
    const index = this.#indexOf(block);
    return `event: contentBlockDelta\ndata: {"delta":${delta},"contentBlockIndex":${index}}\n\n`;
  }

  #indexOf(block: Block): number {
    if (block.index < 0) block.index = this.#next++;
    return block.index;
  }
}

const written = (name: string, data: string): string => `event: ${name}\ndata: ${data}\n\n`;
