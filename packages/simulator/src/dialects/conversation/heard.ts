/** What a request of any dialect comes to, as far as the answer depends on it. */
import { estimateTokens } from '../estimate-tokens.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { MEDIA_TOKENS } from './media.ts';
import type { Media } from './media.ts';

export interface OfferedTool {
  readonly name: string;
  /** A JSON Schema; an object's when it is no object. */
  readonly schema: unknown;
}

/** `auto`: when the caller's last words ask for it. */
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

export interface Heard {
  /** The caller's last words, wherever they stand. */
  readonly prompt: string;
  /** The same when nothing came after them; else empty. */
  readonly lastWords: string;
  /** The beginning of the answer, which is to go on from it. */
  readonly begun: string;
  readonly system: boolean;
  readonly media: readonly Media[];
  /** The last result of a tool; null when there was none. */
  readonly toolResult: string | null;
  readonly tools: readonly OfferedTool[];
  readonly choice: ToolChoice;
  /** Several calls at once are welcome. */
  readonly parallel: boolean;
  /** JSON is wanted: by a schema, or any. Null: text. */
  readonly format: { readonly schema: unknown } | 'json' | null;
  readonly thinks: boolean;
  /** Texts that end the answer before they are said. */
  readonly stops: readonly string[];
  readonly inputTokens: number;
  /** Null: not asked for. */
  readonly allowance: number | null;
}

/** What is asked for beside the words. */
export type Asked = Pick<
  Heard,
  'tools' | 'choice' | 'parallel' | 'format' | 'thinks' | 'stops' | 'allowance'
>;

/** One part of a message: the text it has, or the media it is. */
export type HeardPart = string | Media | null;

/** Collects what is said turn by turn. */
export class Listener {
  readonly media: Media[] = [];
  prompt = '';
  lastWords = '';
  begun = '';
  system = false;
  toolResult: string | null = null;
  #bytes = 0;

  /** Anything the model reads that is nobody's turn. */
  read(text: string): void {
    this.#bytes += Buffer.byteLength(text);
  }

  systemSays(text: string): void {
    if (text === '') return;
    this.read(text);
    this.system = true;
  }

  userSays(parts: readonly HeardPart[]): void {
    let text = '';
    for (const part of parts) {
      if (typeof part === 'string') text += part;
      else if (part !== null) this.media.push(part);
    }
    this.read(text);
    this.prompt = text;
    this.lastWords = text;
  }

  modelSays(text: string): void {
    this.read(text);
    this.lastWords = '';
  }

  toolSays(text: string): void {
    this.read(text);
    this.toolResult = text;
    this.lastWords = '';
  }

  get inputTokens(): number {
    const media = this.media.reduce((sum, { kind }) => sum + MEDIA_TOKENS[kind], 0);
    return estimateTokens(this.#bytes) + media;
  }

  /** What was said, with what was asked for beside it. */
  heard(asked: Asked): Heard {
    const { prompt, lastWords, begun, system, media, toolResult, inputTokens } = this;
    return { prompt, lastWords, begun, system, media, toolResult, inputTokens, ...asked };
  }
}

/** The parts of a content that is a string or an array of parts. */
export function partsOf(content: unknown, read: (part: JsonObject) => HeardPart): HeardPart[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content.map((part: unknown) => (isObject(part) ? read(part) : null));
}

/** Stop sequences as any dialect gives them: one, several, or none. */
export const stopsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter(
    (stop): stop is string => typeof stop === 'string' && stop !== '',
  );
