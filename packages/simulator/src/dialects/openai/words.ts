/** What simulated models say. */
import type { ModelProfile } from '../../profile/profile-schema.ts';

const VOCABULARY =
  'the well gives clear water to everyone who asks and keeps count of every bucket that was drawn from it today while rain refills what was taken'.split(
    ' ',
  );

/** A text and the pieces it is streamed in; the pieces are JSON strings already. */
export interface Wording {
  readonly text: string;
  readonly json: string;
  readonly pieces: readonly string[];
  readonly tokens: number;
}

const tokensOf = (text: string): number => Math.max(1, Math.ceil(Buffer.byteLength(text) / 4));

export function wordingOf(text: string): Wording {
  const pieces = text.match(/\s*\S+\s*$|\s*\S+/g) ?? [text];
  return {
    text,
    json: JSON.stringify(text),
    pieces: pieces.map((piece) => JSON.stringify(piece)),
    tokens: tokensOf(text),
  };
}

const prebuilt = new WeakMap<ModelProfile, Wording>();

/** The model's own fixed answer, built once; null when it answers with an echo. */
export function fixedWording(model: ModelProfile): Wording | null {
  const known = prebuilt.get(model);
  if (known !== undefined) return known;
  const text =
    model.answerText ?? (model.answerWords === undefined ? null : words(model.answerWords));
  if (text === null) return null;
  const wording = wordingOf(text);
  prebuilt.set(model, wording);
  return wording;
}

/** So many words of a made-up text. */
export function words(count: number): string {
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
  const pieces: string[] = [];
  let used = 0;
  for (const json of wording.pieces) {
    const piece = (JSON.parse(json) as string).slice(0, text.length - used);
    if (piece === '') break;
    pieces.push(JSON.stringify(piece));
    used += piece.length;
  }
  return [{ text, json: JSON.stringify(text), pieces, tokens: maxTokens }, true];
}
