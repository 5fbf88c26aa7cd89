/** A generated text: whole, as events, or as the pieces of one JSON array. */
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { Random } from '../../random.ts';
import type { PricedReply } from '../serve-call.ts';
import { cutToTokens, echo, fixedWording, Wording } from '../words.ts';
import type { ContentRequest } from './request.ts';

const framed = (json: string): string => `data: ${json}\r\n\r\n`;

export function contentReply(
  request: ContentRequest,
  model: ModelProfile,
  random: Random,
  inArray: boolean,
): PricedReply {
  const full = fixedWording(model) ?? new Wording(echo(model.id, request.prompt));
  const [wording, cut] = cutToTokens(full, request.allowance);
  const { inputTokens: input } = request;
  const tail = `"modelVersion":${JSON.stringify(model.id)},"responseId":"${random.hex(24)}"`;
  const usage = `{"promptTokenCount":${input},"candidatesTokenCount":${wording.tokens},"totalTokenCount":${input + wording.tokens},"promptTokensDetails":[{"modality":"TEXT","tokenCount":${input}}]}`;
  const finish = `,"finishReason":"${cut ? 'MAX_TOKENS' : 'STOP'}"`;
  const record = (json: string, last: boolean): string =>
    `{"candidates":[{"content":{"parts":[{"text":${json}}],"role":"model"}${last ? finish : ''},"index":0}],"usageMetadata":${usage},${tail}}`;
  const records = (): string[] =>
    wording.pieces.map((piece, at) => record(piece, at === wording.pieces.length - 1));
  const body = (): string =>
    inArray ? `[${records().join(',\r\n')}]` : record(wording.json, true);
  const filler = (text: string): string => framed(record(JSON.stringify(text), false));
  const events = (): string[] => records().map(framed);
  return { framed: { body, events, filler }, body, outputTokens: wording.tokens };
}
