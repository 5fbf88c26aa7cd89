import type { Part, Signature, TextPart, ThinkingPart } from '../canonical/content.ts';
import type { CanonicalResponse, Choice } from '../canonical/response.ts';
import { readProof } from '../gemini/proof.ts';
import { isJsonArray } from '../json/value.ts';

/**
 * What an answer says, whichever way it came: texts, calls and blocks in their order; texts next to each other as one and thoughts in a
 * row, since some streams tell them in other pieces than the whole answer does; proofs by themselves, since some streams can tell one only
 * behind what it proves.
 */
export function saidBy({ choices, id, model, createdAt, usage, origin }: CanonicalResponse) {
  return { origin, id, model, createdAt, usage, choices: choices.map(saidInChoice) };
}

function saidInChoice({ parts, stop, stopDetail, logprobs }: Choice) {
  const thoughts = parts.filter((part) => part.kind === 'thinking');
  return {
    parts: joined(parts.filter((part) => part.kind !== 'thinking').map(bare)),
    thoughts: thoughts.map(({ text }) => text).join(''),
    proofs: parts.flatMap(proofsOf).toSorted(),
    stop,
    stopDetail,
    // Only lists can be put in a row; of Gemini's objects, one an event, a fold keeps the last.
    logprobs: logprobs === null || isJsonArray(logprobs) ? logprobs : 'some',
  };
}

/** Without proof, and without what no event has room for. */
function bare(part: Exclude<Part, ThinkingPart>): Part {
  if (part.kind !== 'text' && part.kind !== 'tool_call') return part;
  const { extras: _extras, ...rest } = part;
  return { ...rest, signature: null };
}

function joined(parts: readonly Part[]): readonly Part[] {
  const all: Part[] = [];
  for (const part of parts) {
    const before = all.at(-1);
    if (part.kind === 'text' && isPlainText(before)) {
      all.splice(-1, 1, { ...part, text: before.text + part.text });
    } else all.push(part);
  }
  return all;
}

const isPlainText = (part: Part | undefined): part is TextPart =>
  part?.kind === 'text' && part.annotations === null;

function proofsOf(part: Part): readonly string[] {
  const proofs: readonly (Signature | null)[] =
    part.kind === 'thinking'
      ? [part.signature, part.sealed]
      : part.kind === 'text' || part.kind === 'tool_call'
        ? [part.signature]
        : [];
  return proofs.flatMap((proof) => (proof === null ? [] : [opened(proof)]));
}

/** A decoder of Gemini's streams leaves proofs of others as they are: providers send none. */
function opened(proof: Signature): string {
  const { signature, sealed } =
    proof.origin === 'gemini' ? readProof(proof.value) : { signature: proof, sealed: null };
  const { origin, value } = sealed ?? signature ?? proof;
  return `${origin} ${value}`;
}
