/** A message, whole and as the events of a stream. */
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { Random } from '../../random.ts';
import type { PricedReply } from '../serve-call.ts';
import { cutToTokens, echo, fixedWording, Wording } from '../words.ts';
import type { MessagesRequest } from './request.ts';

const event = (type: string, fields: string): string =>
  `event: ${type}\ndata: {"type":"${type}"${fields}}\n\n`;

const filler = (text: string): string => delta(JSON.stringify(text));

const delta = (json: string): string =>
  event('content_block_delta', `,"index":0,"delta":{"type":"text_delta","text":${json}}`);

export function messageReply(
  request: MessagesRequest,
  model: ModelProfile,
  random: Random,
): PricedReply {
  const full = fixedWording(model) ?? new Wording(echo(model.id, request.prompt));
  const [wording, cut] = cutToTokens(full, request.allowance);
  const stop = cut ? '"max_tokens"' : '"end_turn"';
  const head = `"id":"msg_${random.hex(24)}","type":"message","role":"assistant","model":${JSON.stringify(model.id)}`;
  const usage = (output: number): string =>
    `{"input_tokens":${request.inputTokens},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":${output},"service_tier":"standard"}`;
  const body = (): string =>
    `{${head},"content":[{"type":"text","text":${wording.json}}],"stop_reason":${stop},"stop_sequence":null,"usage":${usage(wording.tokens)}}`;
  const events = (): string[] => [
    event(
      'message_start',
      `,"message":{${head},"content":[],"stop_reason":null,"stop_sequence":null,"usage":${usage(1)}}`,
    ),
    event('content_block_start', ',"index":0,"content_block":{"type":"text","text":""}'),
    event('ping', ''),
    ...wording.pieces.map(delta),
    event('content_block_stop', ',"index":0'),
    event(
      'message_delta',
      `,"delta":{"stop_reason":${stop},"stop_sequence":null},"usage":{"output_tokens":${wording.tokens}}`,
    ),
    event('message_stop', ''),
  ];
  return { framed: { body, events, filler }, body, outputTokens: wording.tokens };
}
