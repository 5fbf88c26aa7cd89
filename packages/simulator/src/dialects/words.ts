/** What simulated models say. */
import type { ModelProfile } from '../profile/profile-schema.ts';
import { estimateTokens } from './estimate-tokens.ts';

const VOCABULARY =
  'the well gives clear water to everyone who asks and keeps count of every bucket that was drawn from it today while rain refills what was taken'.split(
    ' ',
  );

/** A text, whole and in the pieces it is streamed in; the JSON strings are built when first asked for. */
export class Wording {
  readonly text: string;
  readonly tokens: number;
  #json: string | null = null;
  #pieces: readonly string[] | null = null;

  /** `tokens`: by the four-byte estimate when not given. */
  constructor(text: string, tokens: number = estimateTokens(Buffer.byteLength(text))) {
    this.text = text;
    this.tokens = tokens;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.text);
    return this.#json;
  }

  /** JSON strings, one a streamed event. */
  get pieces(): readonly string[] {
    this.#pieces ??= (this.text.match(/\s*\S+\s*$|\s*\S+/g) ?? [this.text]).map((piece) =>
      JSON.stringify(piece),
    );
    return this.#pieces;
  }
}

const prebuilt = new WeakMap<ModelProfile, Wording>();

/** The model's own fixed answer, built once; null when it answers with an echo. */
export function fixedWording(model: ModelProfile): Wording | null {
  const known = prebuilt.get(model);
  if (known !== undefined) return known;
  const text =
    model.answerText ?? (model.answerWords === undefined ? null : words(model.answerWords));
  if (text === null) return null;
  const wording = new Wording(text);
  prebuilt.set(model, wording);
  return wording;
}

/** So many words of a made-up text. */
function words(count: number): string {
  return Array.from({ length: count }, (_, at) => VOCABULARY[at % VOCABULARY.length]).join(' ');
}

const ECHOED = 200;

/** Says what it heard: enough to see that the right prompt reached the right key's organization. */
export function echo(model: string, prompt: string): string {
  const chars = prompt.slice(0, ECHOED);
  // not half a surrogate pair
  const heard = chars.replace(/[\ud800-\udbff]$/, '');
  const more = prompt.length > ECHOED ? '…' : '';
  return `Simulated answer of ${model} to: ${heard}${more}`;
}

/** At most so many tokens of a wording (by the four-byte estimate), and whether that cut it. */
export function cutToTokens(wording: Wording, maxTokens: number | null): [Wording, boolean] {
  if (maxTokens === null || wording.tokens <= maxTokens) return [wording, false];
  const kept = Buffer.from(wording.text).subarray(0, maxTokens * 4);
  // a character cut in half is dropped
  const text = new TextDecoder('utf-8').decode(kept).replace(/\ufffd+$/, '');
  return [new Wording(text, maxTokens), true];
}
