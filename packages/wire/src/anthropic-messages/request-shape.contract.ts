/** What a provider of the Messages API refuses in a request, for every test that makes one. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const TOOL_ID = /^[a-zA-Z0-9_-]+$/;

/** What is wrong with a request's body; null where nothing is. https://platform.claude.com/docs/en/api/messages */
export function requestFault(body: JsonObject): string | null {
  const { max_tokens: most, messages, tools, thinking, temperature } = body;
  if (typeof most !== 'number' || most < 1) return 'max_tokens is needed';
  if (isJsonObject(thinking) && thinking['type'] === 'enabled') {
    const budget = thinking['budget_tokens'];
    if (typeof budget !== 'number' || budget < 1024) return 'the budget is too small';
    if (budget >= most) return 'the budget takes all';
    if (temperature !== undefined && temperature !== 1) return 'temperature beside thinking';
    const choice = body['tool_choice'];
    if (isJsonObject(choice) && ['any', 'tool'].includes(String(choice['type']))) {
      return 'a tool is forced beside thinking';
    }
  }
  if (typeof temperature === 'number' && temperature > 1) return 'temperature is above 1';
  if (body['tool_choice'] !== undefined && !isJsonArray(tools)) return 'a choice without tools';
  if (!isJsonArray(messages)) return 'no messages';
  return messagesFault(messages, isJsonArray(tools));
}

function messagesFault(messages: readonly JsonValue[], hasTools: boolean): string | null {
  let before = 'assistant';
  let calls: readonly string[] = [];
  for (const message of messages) {
    if (!isJsonObject(message)) return 'a message is no object';
    const role = String(message['role']);
    if (role === before || !['user', 'assistant'].includes(role)) return `${role} after ${before}`;
    before = role;
    const blocks = blocksOf(message['content']);
    if (blocks.length === 0) return 'an empty message';
    const types = blocks.map((block) => String(block['type']));
    if (types.some((type) => type.startsWith('tool_')) && !hasTools) return 'tools are not given';
    const fault = blocks.map((block) => blockFault(block)).find((found) => found !== null);
    if (fault !== undefined) return fault;
    const results = blocks
      .filter(({ type }) => type === 'tool_result')
      .map((block) => String(block['tool_use_id']));
    if (results.toSorted().join() !== calls.toSorted().join())
      return 'results do not fit the calls';
    if (types.lastIndexOf('tool_result') >= results.length) return 'a result stands behind others';
    const thoughts = types.filter((type) => type.endsWith('thinking')).length;
    if (types.findLastIndex((type) => type.endsWith('thinking')) >= thoughts)
      return 'a late thought';
    calls = blocks.filter(({ type }) => type === 'tool_use').map((block) => String(block['id']));
  }
  return calls.length === 0 ? null : 'calls without results';
}

function blocksOf(content: JsonValue | undefined): readonly JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return isJsonArray(content) ? content.filter((block) => isJsonObject(block)) : [];
}

function blockFault(block: JsonObject): string | null {
  if (block['type'] === 'text' && String(block['text']).trim() === '') return 'empty text';
  const id = block['type'] === 'tool_use' ? block['id'] : block['tool_use_id'];
  if (id !== undefined && !TOOL_ID.test(String(id))) return `${String(id)} is no id`;
  return block['type'] === 'tool_use' && !isJsonObject(block['input'])
    ? 'input is no object'
    : null;
}
