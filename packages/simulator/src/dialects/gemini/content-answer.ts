/**
 * Generated content: whole, as events, or as the pieces of one JSON array. Shapes: googleapis/js-genai `GenerateContentResponse`;
 * ai.google.dev/gemini-api/docs/thinking and …/thought-signatures.
 */
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { Random } from '../../random.ts';
import { MEDIA_TOKENS } from '../conversation/media.ts';
import type { Media } from '../conversation/media.ts';
import type { Heard } from '../conversation/heard.ts';
import { say } from '../conversation/said.ts';
import type { Said } from '../conversation/said.ts';
import { seal } from '../conversation/signatures.ts';
import type { Chunk } from '../dialect.ts';
import type { PricedReply } from '../serve-call.ts';
import { signedFor } from './request-checks.ts';
import type { ContentRequest } from './request.ts';

/** How the answer is framed. */
export interface Framing {
  readonly framing: 'whole' | 'events' | 'array';
  /** Calls have ids: they do at Gemini's own API, and not at Vertex. */
  readonly callIds: boolean;
}

const framed = (json: string): string => `data: ${json}\r\n\r\n`;

const signatureFor = (call: string | null): string =>
  Buffer.from(seal('gemini', signedFor(call))).toString('base64');

/** Parts that are the whole answer, and the parts of each streamed piece. */
interface Parts {
  readonly whole: readonly string[];
  readonly pieces: readonly string[];
}

const thoughtPart = (json: string): string => `{"text":${json},"thought":true}`;

function thoughtParts({ thoughts }: Said, shown: boolean): Parts {
  if (thoughts === null || !shown) return { whole: [], pieces: [] };
  return { whole: [thoughtPart(thoughts.json)], pieces: thoughts.pieces.map(thoughtPart) };
}

function callParts(said: Said, random: Random, ids: boolean): string[] {
  return said.calls.map(({ name, input }, at) => {
    const id = ids ? `,"id":"${random.hex(8)}"` : '';
    // of calls at once the first is signed
    const signature =
      said.thoughts !== null && at === 0 ? `,"thoughtSignature":"${signatureFor(name)}"` : '';
    return `{"functionCall":{"name":${JSON.stringify(name)},"args":${input.text}${id}}${signature}}`;
  });
}

function partsFor(said: Said, shown: boolean, random: Random, ids: boolean): Parts {
  const thoughts = thoughtParts(said, shown);
  if (said.end === 'refusal') return { whole: [], pieces: [] };
  const { text } = said;
  if (text === null) {
    const calls = callParts(said, random, ids);
    return { whole: [...thoughts.whole, ...calls], pieces: [...thoughts.pieces, ...calls] };
  }
  const signature = said.thoughts === null ? '' : `,"thoughtSignature":"${signatureFor(null)}"`;
  return {
    whole: [...thoughts.whole, `{"text":${text.json}${signature}}`],
    pieces: [
      ...thoughts.pieces,
      ...text.pieces.map((json) => `{"text":${json}}`),
      ...(signature === '' ? [] : [`{"text":""${signature}}`]),
    ],
  };
}

const MODALITIES: Readonly<Record<Media['kind'], string>> = {
  image: 'IMAGE',
  file: 'DOCUMENT',
  audio: 'AUDIO',
};

/** The prompt's tokens by what they are. */
export function promptDetails({ inputTokens, media }: Heard): string {
  const of = (['image', 'file', 'audio'] as const).map((kind) => ({
    modality: MODALITIES[kind],
    tokenCount: media.filter((one) => one.kind === kind).length * MEDIA_TOKENS[kind],
  }));
  const rest = of.reduce((left, { tokenCount }) => left - tokenCount, inputTokens);
  const details = [{ modality: 'TEXT', tokenCount: rest }, ...of];
  return JSON.stringify(details.filter(({ tokenCount }) => tokenCount > 0));
}

function usageJson(heard: Heard, said: Said): string {
  const { inputTokens: input } = heard;
  const { outputTokens, thoughtTokens } = said;
  const thoughts = thoughtTokens > 0 ? `,"thoughtsTokenCount":${thoughtTokens}` : '';
  return `{"promptTokenCount":${input},"candidatesTokenCount":${outputTokens - thoughtTokens},"totalTokenCount":${input + outputTokens},"promptTokensDetails":${promptDetails(heard)}${thoughts}}`;
}

const FINISH: Readonly<Record<Said['end'], string>> = {
  done: 'STOP',
  calls: 'STOP',
  stop: 'STOP',
  length: 'MAX_TOKENS',
  refusal: 'SAFETY',
};

/** One JSON array in pieces, each with what stands before it. */
function arrayOf(records: readonly string[]): Chunk[] {
  return [...records.map((record, at) => `${at === 0 ? '[' : ',\r\n'}${record}`), ']'];
}

export function contentReply(
  { heard, showsThoughts }: ContentRequest,
  model: ModelProfile,
  random: Random,
  { framing, callIds }: Framing,
): PricedReply {
  const said = say(heard, model);
  const { whole, pieces } = partsFor(said, showsThoughts, random, callIds);
  const { inputTokens: input } = heard;
  const tail = `"modelVersion":${JSON.stringify(model.id)},"responseId":"${random.hex(24)}"`;
  const usage = usageJson(heard, said);
  const early = `{"promptTokenCount":${input},"totalTokenCount":${input}}`;
  const finish = `"finishReason":"${FINISH[said.end]}",`;
  const record = (parts: readonly string[], last: boolean): string => {
    const content =
      parts.length === 0 ? '' : `"content":{"parts":[${parts.join(',')}],"role":"model"},`;
    return `{"candidates":[{${content}${last ? finish : ''}"index":0}],"usageMetadata":${last ? usage : early},${tail}}`;
  };
  const records = (): string[] =>
    pieces.length === 0
      ? [record([], true)]
      : pieces.map((part, at) => record([part], at === pieces.length - 1));
  const body = (): string => record(whole, true);
  const filled = (text: string): string => record([`{"text":${JSON.stringify(text)}}`], false);
  const { outputTokens } = said;
  if (framing !== 'array') {
    const filler = (text: string): string => framed(filled(text));
    return { framed: { body, events: () => records().map(framed), filler }, body, outputTokens };
  }
  const array = {
    body,
    events: () => arrayOf(records()),
    filler: (text: string) => `,\r\n${filled(text)}`,
    streamType: 'application/json',
    inBand: (error: string, after: number) => `${after === 0 ? '[' : ',\r\n'}${error}]`,
  };
  return { framed: array, body, outputTokens };
}
