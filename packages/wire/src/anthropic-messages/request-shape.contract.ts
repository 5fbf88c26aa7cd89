/** What a provider of the Messages API refuses in a request, for every test that makes one. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const TOOL_ID = /^[a-zA-Z0-9_-]+$/;
const FORCED: ReadonlySet<unknown> = new Set(['any', 'tool']);

/** What is wrong with a request's body; null where nothing is. https://platform.claude.com/docs/en/api/messages */
export function requestFault(body: JsonObject): string | null {
  const { max_tokens: most, messages, tools, temperature } = body;
  if (typeof most !== 'number' || most < 1) return 'max_tokens is needed';
  if (typeof temperature === 'number' && temperature > 1) return 'temperature is above 1';
  if (body['tool_choice'] !== undefined && !isJsonArray(tools)) return 'a choice without tools';
  if (!isJsonArray(messages)) return 'no messages';
  return thinkingFault(body, most) ?? messagesFault(messages, isJsonArray(tools));
}

function thinkingFault(body: JsonObject, most: number): string | null {
  const { thinking, temperature, tool_choice: choice } = body;
  if (!isJsonObject(thinking) || thinking['type'] !== 'enabled') return null;
  const budget = thinking['budget_tokens'];
  if (typeof budget !== 'number' || budget < 1024) return 'the budget is too small';
  if (budget >= most) return 'the budget takes all';
  if (temperature !== undefined && temperature !== 1) return 'temperature beside thinking';
  return isJsonObject(choice) && FORCED.has(choice['type']) ? 'forced beside thinking' : null;
}

function messagesFault(messages: readonly JsonValue[], hasTools: boolean): string | null {
  let before = 'assistant';
  let calls: readonly string[] = [];
  for (const message of messages) {
    if (!isJsonObject(message)) return 'a message is no object';
    const role = textOf(message['role']);
    if (role === before || !['user', 'assistant'].includes(role)) return `${role} after ${before}`;
    before = role;
    const blocks = blocksOf(message['content']);
    if (blocks.length === 0) return 'an empty message';
    const fault = blocksFault(blocks, hasTools);
    if (fault !== null) return fault;
    const results = idsOf(blocks, 'tool_result', 'tool_use_id');
    if (results.toSorted().join() !== calls.toSorted().join()) return 'results of other calls';
    calls = idsOf(blocks, 'tool_use', 'id');
  }
  return calls.length === 0 ? null : 'calls without results';
}

function blocksFault(blocks: readonly JsonObject[], hasTools: boolean): string | null {
  const types = blocks.map((block) => textOf(block['type']));
  if (types.some((type) => type.startsWith('tool_')) && !hasTools) return 'tools are not given';
  const isFirst = (type: string): boolean => type === 'tool_result' || type.endsWith('thinking');
  if (types.findLastIndex(isFirst) >= types.filter(isFirst).length) return 'a late block';
  return blocks.map((block) => blockFault(block)).find((fault) => fault !== null) ?? null;
}

function blockFault(block: JsonObject): string | null {
  const { type, text, id, tool_use_id: callId, input } = block;
  if (type === 'text' && textOf(text).trim() === '') return 'empty text';
  if (type === 'tool_result') return TOOL_ID.test(textOf(callId)) ? null : 'no id of a call';
  if (type !== 'tool_use') return null;
  if (!TOOL_ID.test(textOf(id))) return 'no id';
  return isJsonObject(input) ? null : 'input is no object';
}

function blocksOf(content: JsonValue | undefined): readonly JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return isJsonArray(content) ? content.filter((block) => isJsonObject(block)) : [];
}

function idsOf(blocks: readonly JsonObject[], type: string, member: string): readonly string[] {
  return blocks.filter((block) => block['type'] === type).map((block) => textOf(block[member]));
}

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
