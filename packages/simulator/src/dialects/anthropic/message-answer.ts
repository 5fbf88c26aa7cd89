/**
 * A message, whole and as the events of a stream: @anthropic-ai/sdk `Message`, `RawMessageStreamEvent`; order of events:
 * docs.claude.com/en/docs/build-with-claude/streaming (text, tool use, extended thinking).
 */
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { Random } from '../../random.ts';
import type { CacheUse } from '../../stored/prompt-cache.ts';
import { say } from '../conversation/said.ts';
import type { Said } from '../conversation/said.ts';
import { seal, signThoughts } from '../conversation/signatures.ts';
import type { PricedReply } from '../serve-call.ts';
import { REDACTED_BY } from './message-checks.ts';
import type { MessagesRequest } from './request.ts';

/** One content block: as it is in the end, as it begins, and what comes between. */
interface Block {
  readonly whole: string;
  readonly start: string;
  readonly deltas: readonly string[];
}

const event = (type: string, fields: string): string =>
  `event: ${type}\ndata: {"type":"${type}"${fields}}\n\n`;

const delta = (index: number, fields: string): string =>
  event('content_block_delta', `,"index":${index},"delta":{${fields}}`);

const filler = (text: string): string =>
  delta(0, `"type":"text_delta","text":${JSON.stringify(text)}`);

function thinkingBlocks(said: Said, request: MessagesRequest): Block[] {
  const { thoughts } = said;
  if (thoughts === null) return [];
  if (request.redacts) {
    const data = seal(REDACTED_BY, thoughts.text);
    const whole = `{"type":"redacted_thinking","data":"${data}"}`;
    return [{ whole, start: whole, deltas: [] }];
  }
  const shown = request.showsThoughts ? thoughts : null;
  const signature = signThoughts('anthropic', shown?.text ?? '');
  const whole = `{"type":"thinking","thinking":${shown?.json ?? '""'},"signature":"${signature}"}`;
  const pieces = shown?.pieces ?? [];
  const deltas = [
    ...pieces.map((piece) => `"type":"thinking_delta","thinking":${piece}`),
    `"type":"signature_delta","signature":"${signature}"`,
  ];
  return [{ whole, start: '{"type":"thinking","thinking":"","signature":""}', deltas }];
}

function blocksFor(said: Said, request: MessagesRequest, random: Random): Block[] {
  const thinking = thinkingBlocks(said, request);
  if (said.end === 'refusal') return [];
  if (said.text !== null) {
    const { json, pieces } = said.text;
    const deltas = pieces.map((piece) => `"type":"text_delta","text":${piece}`);
    const text = {
      whole: `{"type":"text","text":${json}}`,
      start: '{"type":"text","text":""}',
      deltas,
    };
    return [...thinking, text];
  }
  const calls = said.calls.map(({ name, input }) => {
    const head = `{"type":"tool_use","id":"toolu_${random.hex(24)}","name":${JSON.stringify(name)}`;
    const deltas = ['""', ...input.pieces].map(
      (piece) => `"type":"input_json_delta","partial_json":${piece}`,
    );
    return { whole: `${head},"input":${input.text}}`, start: `${head},"input":{}}`, deltas };
  });
  return [...thinking, ...calls];
}

function blockEvents({ start, deltas }: Block, index: number): string[] {
  const events = [event('content_block_start', `,"index":${index},"content_block":${start}`)];
  if (index === 0) events.push(event('ping', ''));
  for (const fields of deltas) events.push(delta(index, fields));
  events.push(event('content_block_stop', `,"index":${index}`));
  return events;
}

const REASONS: Readonly<Record<Said['end'], string>> = {
  done: 'end_turn',
  length: 'max_tokens',
  calls: 'tool_use',
  refusal: 'refusal',
  stop: 'stop_sequence',
};

/** `cache`: what is read from and written to the prompt cache, of all the input. */
export function messageReply(
  request: MessagesRequest,
  model: ModelProfile,
  random: Random,
  cache: CacheUse,
): PricedReply {
  const said = say(request.heard, model);
  const blocks = blocksFor(said, request, random);
  const stop = `"stop_reason":"${REASONS[said.end]}","stop_sequence":${JSON.stringify(said.stop)}`;
  const head = `"id":"msg_${random.hex(24)}","type":"message","role":"assistant","model":${JSON.stringify(model.id)}`;
  const input = request.heard.inputTokens - cache.read - cache.written;
  const five = cache.written - cache.writtenForHour;
  const inputUsage = `"input_tokens":${input},"cache_creation_input_tokens":${cache.written},"cache_read_input_tokens":${cache.read}`;
  const usage = (output: number): string =>
    `{${inputUsage},"cache_creation":{"ephemeral_5m_input_tokens":${five},"ephemeral_1h_input_tokens":${cache.writtenForHour}},"output_tokens":${output},"service_tier":"standard"}`;
  const body = (): string =>
    `{${head},"content":[${blocks.map(({ whole }) => whole).join(',')}],${stop},"usage":${usage(said.outputTokens)}}`;
  const events = (): string[] => [
    event(
      'message_start',
      `,"message":{${head},"content":[],"stop_reason":null,"stop_sequence":null,"usage":${usage(1)}}`,
    ),
    ...blocks.flatMap(blockEvents),
    event(
      'message_delta',
      `,"delta":{${stop}},"usage":{${inputUsage},"output_tokens":${said.outputTokens}}`,
    ),
    event('message_stop', ''),
  ];
  return { framed: { body, events, filler }, body, outputTokens: said.outputTokens };
}
