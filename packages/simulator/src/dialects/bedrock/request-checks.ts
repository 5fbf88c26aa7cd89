/**
 * What Converse finds wrong with a request, and what Claude behind it does. Shapes: docs.aws.amazon.com/bedrock/latest/APIReference/
 * API_runtime_Converse.html; texts as public issues quote them (NousResearch/hermes-agent/issues/55092, vxcontrol/pentagi/pull/196,
 * sigoden/aichat/pull/1550).
 */
import { exception } from '../../faces/bedrock.ts';
import type { Refusal } from '../../faces/refusal.ts';
import { isSigned, unseal } from '../conversation/signatures.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';

export const invalid = (message: string): Refusal => exception(400, message);

const byModel = (message: string): Refusal =>
  invalid(`The model returned the following errors: ${message}`);

/** Who has sealed redacted thoughts. */
export const REDACTED_BY = 'anthropic';

export const blocksIn = (message: unknown): readonly JsonObject[] =>
  isObject(message) && Array.isArray(message['content']) ? message['content'].filter(isObject) : [];

const MEMBERS = [
  'text',
  'image',
  'document',
  'video',
  'audio',
  'toolUse',
  'toolResult',
  'guardContent',
  'cachePoint',
  'reasoningContent',
  'citationsContent',
  'searchResult',
];

function wrongThought(value: JsonObject, at: string): Refusal | null {
  const { reasoningText: shown, redactedContent: redacted } = value;
  if (isObject(shown)) {
    const { text, signature } = shown;
    const own = typeof text === 'string' && typeof signature === 'string';
    return own && isSigned('anthropic', text, signature)
      ? null
      : byModel(`${at}: Invalid \`signature\` in \`thinking\` block`);
  }
  const data = typeof redacted === 'string' ? Buffer.from(redacted, 'base64').toString('utf8') : '';
  return unseal(REDACTED_BY, data) === null
    ? byModel(`${at}: Invalid \`data\` in \`redacted_thinking\` block`)
    : null;
}

function wrongResult({ toolUseId: id, content }: JsonObject, at: string): Refusal | null {
  if (typeof id !== 'string') return invalid(`The toolUseId field at ${at}.toolResult is missing.`);
  for (const [index, part] of (Array.isArray(content) ? content : []).entries()) {
    if (isObject(part) && part['json'] !== undefined && !isObject(part['json'])) {
      return invalid(
        `The format of the value at ${at}.toolResult.content.${index}.json is invalid. Provide a json object for the field and try again.`,
      );
    }
  }
  return null;
}

function wrongBlock(block: JsonObject, at: string): Refusal | null {
  const member = MEMBERS.find((name) => block[name] !== undefined);
  const { text, toolUse, toolResult, reasoningContent: thought } = block;
  if (member === undefined) {
    return invalid(
      `The ContentBlock object at ${at} must set one of the following keys: ${MEMBERS.join(', ')}.`,
    );
  }
  if (text !== undefined && (typeof text !== 'string' || text.trim() === '')) {
    return invalid(
      `The text field in the ContentBlock object at ${at} is blank. Add text to the text field, and try again.`,
    );
  }
  if (isObject(toolUse) && !isObject(toolUse['input'])) {
    return invalid(
      `The format of the value at ${at}.toolUse.input is invalid. Provide a json object for the field and try again.`,
    );
  }
  if (isObject(toolResult)) return wrongResult(toolResult, at);
  return isObject(thought) ? wrongThought(thought, at) : null;
}

function wrongMessage(message: unknown, at: number): Refusal | null {
  if (!isObject(message))
    return invalid('Malformed input request, please reformat your input and try again.');
  const { role, content } = message;
  if (role !== 'user' && role !== 'assistant') {
    return invalid(
      `Value '${String(role).slice(0, 40)}' at 'messages.${at + 1}.member.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant]`,
    );
  }
  if (!Array.isArray(content) || content.length === 0) {
    return invalid(
      `The content field in the Message object at messages.${at} is empty. Add a ContentBlock object to the content field and try again.`,
    );
  }
  for (const [index, block] of content.entries()) {
    const place = `messages.${at}.content.${index}`;
    const refusal = isObject(block)
      ? wrongBlock(block, place)
      : invalid(`The ContentBlock object at ${place} is invalid.`);
    if (refusal !== null) return refusal;
  }
  return null;
}

const idsIn = (message: unknown, member: 'toolUse' | 'toolResult'): string[] =>
  blocksIn(message)
    .map((block) => block[member])
    .filter(isObject)
    .map(({ toolUseId }) => String(toolUseId));

function unpaired(messages: readonly unknown[]): Refusal | null {
  for (const [at, message] of messages.entries()) {
    const asked = at === 0 ? [] : idsIn(messages[at - 1], 'toolUse');
    const answered = new Set(idsIn(message, 'toolResult'));
    const open = asked.filter((id) => !answered.has(id));
    if (open.length > 0) {
      return invalid(
        `Expected toolResult blocks at messages.${at}.content for the following Ids: ${open.join(', ')}`,
      );
    }
    if (answered.size > asked.length) {
      return invalid(
        `The number of toolResult blocks at messages.${at}.content exceeds the number of toolUse blocks of previous turn.`,
      );
    }
  }
  return null;
}

function alternates(messages: readonly unknown[]): Refusal | null {
  const roles = messages.filter(isObject).map(({ role }) => role);
  if (roles[0] !== 'user') {
    return invalid(
      'A conversation must start with a user message. Try again with a conversation that starts with a user message.',
    );
  }
  return roles.some((role, at) => role === roles[at - 1])
    ? invalid(
        'A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.',
      )
    : null;
}

export function wrongMessages(body: JsonObject): Refusal | null {
  const { messages, toolConfig } = body;
  if (!Array.isArray(messages) || messages.length === 0) {
    return invalid('The messages field is required and must not be empty.');
  }
  for (const [at, message] of messages.entries()) {
    const refusal = wrongMessage(message, at);
    if (refusal !== null) return refusal;
  }
  const tools = messages.some(
    (message) => idsIn(message, 'toolUse').length + idsIn(message, 'toolResult').length > 0,
  );
  if (tools && !isObject(toolConfig)) {
    return invalid(
      'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
    );
  }
  return alternates(messages) ?? unpaired(messages);
}

export function wrongTools({ toolConfig }: JsonObject): Refusal | null {
  if (toolConfig === undefined || toolConfig === null) return null;
  const tools: unknown = isObject(toolConfig) ? toolConfig['tools'] : null;
  if (!Array.isArray(tools) || tools.length === 0) {
    return invalid(
      "1 validation error detected: Value at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  }
  for (const [at, tool] of tools.entries()) {
    const spec: unknown = isObject(tool) ? tool['toolSpec'] : null;
    if (!isObject(spec)) continue;
    const { name, inputSchema } = spec;
    if (typeof name !== 'string' || !/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
      return invalid(
        `1 validation error detected: Value at 'toolConfig.tools.${at + 1}.member.toolSpec.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+`,
      );
    }
    const schema: unknown = isObject(inputSchema) ? inputSchema['json'] : null;
    if (!isObject(schema) || schema['type'] !== 'object') {
      return invalid(
        `The value at toolConfig.tools.${at}.toolSpec.inputSchema.json.type must be one of the following: object.`,
      );
    }
  }
  return null;
}

export function wrongConfig({ inferenceConfig: config }: JsonObject): Refusal | null {
  if (!isObject(config)) return null;
  for (const [name, least, most] of [
    ['maxTokens', 1, Infinity],
    ['temperature', 0, 1],
    ['topP', 0, 1],
  ] as const) {
    const value = config[name];
    if (value === undefined || value === null) continue;
    if (typeof value === 'number' && value >= least && value <= most) continue;
    return invalid(
      `1 validation error detected: Value '${JSON.stringify(value).slice(0, 40)}' at 'inferenceConfig.${name}' failed to satisfy constraint: Member must have value between ${least} and ${most}`,
    );
  }
  return null;
}
