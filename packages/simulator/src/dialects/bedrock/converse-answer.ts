/**
 * A Converse answer, whole and as the events of ConverseStream: docs.aws.amazon.com/bedrock/latest/APIReference/
 * API_runtime_ConverseStream.html; that blocks of text have no start and that events carry padding (`p`) is as captured replies have it.
 */
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { Random } from '../../random.ts';
import type { CacheUse } from '../../stored/prompt-cache.ts';
import { say } from '../conversation/said.ts';
import type { Said } from '../conversation/said.ts';
import { seal, signThoughts } from '../conversation/signatures.ts';
import type { PricedReply } from '../serve-call.ts';
import { EVENT_STREAM_TYPE, eventFrame, exceptionFrame } from './event-frames.ts';
import { REDACTED_BY } from './request-checks.ts';
import type { ConverseRequest } from './request.ts';

/** One content block: as it is in the end, its start (null when it has none), and what comes between. */
interface Block {
  readonly whole: string;
  readonly start: string | null;
  readonly deltas: readonly string[];
}

function thoughtBlocks({ thoughts }: Said, redacts: boolean): Block[] {
  if (thoughts === null) return [];
  if (redacts) {
    const data = Buffer.from(seal(REDACTED_BY, thoughts.text)).toString('base64');
    const whole = `{"reasoningContent":{"redactedContent":"${data}"}}`;
    return [{ whole, start: null, deltas: [whole] }];
  }
  const signature = signThoughts('anthropic', thoughts.text);
  const text = `{"text":${thoughts.json},"signature":"${signature}"}`;
  return [
    {
      whole: `{"reasoningContent":{"reasoningText":${text}}}`,
      start: null,
      deltas: [
        ...thoughts.pieces.map((piece) => `{"reasoningContent":{"text":${piece}}}`),
        `{"reasoningContent":{"signature":"${signature}"}}`,
      ],
    },
  ];
}

function blocksFor(said: Said, redacts: boolean, random: Random): Block[] {
  const thoughts = thoughtBlocks(said, redacts);
  const { text } = said;
  if (text !== null) {
    const deltas = text.pieces.map((piece) => `{"text":${piece}}`);
    return [...thoughts, { whole: `{"text":${text.json}}`, start: null, deltas }];
  }
  const calls = said.calls.map(({ name, input }) => {
    const head = `"toolUseId":"tooluse_${random.hex(16)}","name":${JSON.stringify(name)}`;
    return {
      whole: `{"toolUse":{${head},"input":${input.text}}}`,
      start: `{"toolUse":{${head}}}`,
      deltas: input.pieces.map((piece) => `{"toolUse":{"input":${piece}}}`),
    };
  });
  return [...thoughts, ...calls];
}

const REASONS: Readonly<Record<Said['end'], string>> = {
  done: 'end_turn',
  length: 'max_tokens',
  calls: 'tool_use',
  refusal: 'content_filtered',
  stop: 'stop_sequence',
};

/** Padding of varying length that hides how long a piece is. */
const PADDING = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

const event = (type: string, fields: string): Buffer =>
  eventFrame(type, `{${fields},"p":"${PADDING.slice(0, 1 + (fields.length % 50))}"}`);

const delta = (index: number, json: string): Buffer =>
  event('contentBlockDelta', `"contentBlockIndex":${index},"delta":${json}`);

function blockEvents({ start, deltas }: Block, index: number): Buffer[] {
  const events: Buffer[] = [];
  if (start !== null) {
    events.push(event('contentBlockStart', `"contentBlockIndex":${index},"start":${start}`));
  }
  for (const json of deltas) events.push(delta(index, json));
  events.push(event('contentBlockStop', `"contentBlockIndex":${index}`));
  return events;
}

/** The face's error as an exception of the stream; a fault's `code` names it: `throttling_exception`. */
const exceptionOf = (body: string, _after: number, code = 'model_stream_error_exception'): Buffer =>
  exceptionFrame(
    code.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    body,
  );

/** `cache`: what is read from and written to the prompt cache, of all the input. */
export function converseReply(
  { heard, redacts }: ConverseRequest,
  model: ModelProfile,
  random: Random,
  cache: CacheUse,
): PricedReply {
  const said = say(heard, model);
  const blocks = blocksFor(said, redacts, random);
  const reason = `"stopReason":"${REASONS[said.end]}"`;
  const input = heard.inputTokens - cache.read - cache.written;
  const { outputTokens } = said;
  const usage = `{"inputTokens":${input},"outputTokens":${outputTokens},"totalTokens":${heard.inputTokens + outputTokens},"cacheReadInputTokens":${cache.read},"cacheWriteInputTokens":${cache.written}}`;
  const latency = `"metrics":{"latencyMs":${model.firstByteMs ?? 1}}`;
  const content = blocks.map(({ whole }) => whole).join(',');
  const body = (): string =>
    `{"output":{"message":{"role":"assistant","content":[${content}]}},${reason},"usage":${usage},${latency}}`;
  const events = (): Buffer[] => [
    event('messageStart', '"role":"assistant"'),
    ...blocks.flatMap(blockEvents),
    event('messageStop', reason),
    event('metadata', `"usage":${usage},${latency}`),
  ];
  const framed = {
    body,
    events,
    filler: (text: string) => delta(0, `{"text":${JSON.stringify(text)}}`),
    streamType: EVENT_STREAM_TYPE,
    inBand: exceptionOf,
  };
  return { framed, body, outputTokens };
}
