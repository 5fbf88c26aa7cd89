/** What Anthropic finds wrong with the messages themselves: roles, blocks, tools and their results, thoughts that are not its own. */
import type { Refusal } from '../../faces/refusal.ts';
import { mediaTypeOf } from '../conversation/media.ts';
import { isSigned, unseal } from '../conversation/signatures.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { invalid } from './request-checks.ts';

const THOUGHT = new Set(['thinking', 'redacted_thinking']);

/** Who has sealed redacted thoughts. */
export const REDACTED_BY = 'anthropic';

export const blocksOf = ({ content }: JsonObject): readonly JsonObject[] =>
  Array.isArray(content) ? content.filter(isObject) : [];

/** The checks of one block, by its type. Types that only Anthropic's own tools make are taken as they are. */
const BLOCKS: Readonly<Record<string, (block: JsonObject, field: string) => Refusal | null>> = {
  text: ({ text }, field) => {
    if (typeof text !== 'string') return invalid(`${field}.text.text: Field required`);
    return text === '' ? invalid('messages: text content blocks must be non-empty') : null;
  },
  image: wrongImage,
  document: ({ source }, field) =>
    isObject(source) ? null : invalid(`${field}.document.source: Field required`),
  tool_use: ({ id, name, input }, field) => {
    if (typeof id !== 'string' || !/^[a-zA-Z0-9_-]+$/.test(id)) {
      return invalid(`${field}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
    }
    if (typeof name !== 'string') return invalid(`${field}.tool_use.name: Field required`);
    return isObject(input)
      ? null
      : invalid(`${field}.tool_use.input: Input should be a valid dictionary`);
  },
  tool_result: ({ tool_use_id: id }, field) =>
    typeof id === 'string' ? null : invalid(`${field}.tool_result.tool_use_id: Field required`),
  thinking: ({ thinking, signature }, field) => {
    if (typeof thinking !== 'string') return invalid(`${field}.thinking.thinking: Field required`);
    if (typeof signature !== 'string') {
      return invalid(`${field}.thinking.signature: Field required`);
    }
    return isSigned('anthropic', thinking, signature)
      ? null
      : invalid(`${field}: Invalid \`signature\` in \`thinking\` block`);
  },
  redacted_thinking: ({ data }, field) =>
    typeof data === 'string' && unseal(REDACTED_BY, data) !== null
      ? null
      : invalid(`${field}: Invalid \`data\` in \`redacted_thinking\` block`),
};

const IMAGES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

function wrongImage({ source }: JsonObject, field: string): Refusal | null {
  if (!isObject(source)) return invalid(`${field}.image.source: Field required`);
  if (source['type'] !== 'base64') return null;
  const { media_type: type, data } = source;
  if (typeof type !== 'string' || !IMAGES.includes(type)) {
    const known = IMAGES.map((name) => `'${name}'`).join(', ');
    return invalid(`${field}.image.source.base64.media_type: Input should be ${known}`);
  }
  if (typeof data !== 'string' || data === '') {
    return invalid(`${field}.image.source.base64.data: Field required`);
  }
  const seen = mediaTypeOf(Buffer.from(data.slice(0, 64), 'base64'));
  return seen === type || !IMAGES.includes(seen)
    ? null
    : invalid(
        `${field}.image.source.base64.data: The image was specified using the ${type} media type, but the image appears to be a ${seen} image`,
      );
}

function wrongContent(message: JsonObject, at: number): Refusal | null {
  const { content } = message;
  if (typeof content === 'string') return null;
  if (!Array.isArray(content)) return invalid(`messages.${at}.content: Field required`);
  for (const [index, block] of content.entries()) {
    const field = `messages.${at}.content.${index}`;
    if (!isObject(block)) return invalid(`${field}: Input should be an object`);
    const { type } = block;
    if (typeof type !== 'string') return invalid(`${field}.type: Field required`);
    const check = Object.hasOwn(BLOCKS, type) ? BLOCKS[type] : undefined;
    const refusal = check?.(block, field) ?? null;
    if (refusal !== null) return refusal;
  }
  return null;
}

const isEmpty = ({ content }: JsonObject): boolean =>
  content === '' || (Array.isArray(content) && content.length === 0);

function wrongMessage(message: unknown, at: number, last: boolean): Refusal | null {
  if (!isObject(message)) return invalid(`messages.${at}: Input should be an object`);
  const { role } = message;
  if (role === undefined) return invalid(`messages.${at}.role: Field required`);
  if (role !== 'user' && role !== 'assistant') {
    return invalid(`messages.${at}.role: Input should be 'user' or 'assistant'`);
  }
  const refusal = wrongContent(message, at);
  if (refusal !== null) return refusal;
  return isEmpty(message) && !(last && role === 'assistant')
    ? invalid(
        `messages.${at}: all messages must have non-empty content except for the optional final assistant message`,
      )
    : null;
}

/** A tool that was called must be answered in the next message, and only such a one. */
function unpaired(messages: readonly JsonObject[]): Refusal | null {
  let open: ReadonlySet<string> = new Set();
  for (const [at, message] of messages.entries()) {
    const blocks = blocksOf(message);
    const results = blocks.filter(({ type }) => type === 'tool_result');
    const answered = new Set(results.map((block) => String(block['tool_use_id'])));
    const left = [...open].filter((id) => !answered.has(id));
    if (left.length > 0) {
      return invalid(
        `messages.${at - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${left.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    }
    const stray = [...answered].find((id) => !open.has(id));
    if (stray !== undefined) {
      const index = blocks.findIndex((block) => block['tool_use_id'] === stray);
      return invalid(
        `messages.${at}.content.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    const calls = blocks.filter(({ type }) => type === 'tool_use');
    open = new Set(calls.map(({ id }) => String(id)));
    if (open.size < calls.length) {
      return invalid(`messages.${at}.content: \`tool_use\` ids must be unique`);
    }
  }
  return null;
}

/** While thinking is on, a turn that goes on after tools must begin with the thoughts it had. */
function thoughtless(messages: readonly JsonObject[]): Refusal | null {
  const at = messages.findLastIndex(({ role }) => role === 'assistant');
  const last = messages[at];
  if (last === undefined) return null;
  const blocks = blocksOf(last);
  if (!blocks.some(({ type }) => type === 'tool_use')) return null;
  const type = String(blocks[0]?.['type']);
  return THOUGHT.has(type)
    ? null
    : invalid(
        `messages.${at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking`,
      );
}

export function wrongMessages({ messages }: JsonObject, thinks: boolean): Refusal | null {
  if (messages === undefined) return invalid('messages: Field required');
  if (!Array.isArray(messages)) return invalid('messages: Input should be a valid list');
  if (messages.length === 0) return invalid('messages: at least one message is required');
  for (const [at, message] of messages.entries()) {
    const refusal = wrongMessage(message, at, at === messages.length - 1);
    if (refusal !== null) return refusal;
  }
  const known = messages.filter(isObject);
  if (known[0]?.['role'] !== 'user') {
    return invalid('messages: first message must use the "user" role');
  }
  return unpaired(known) ?? (thinks ? thoughtless(known) : null);
}
