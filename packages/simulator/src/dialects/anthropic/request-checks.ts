/**
 * What Anthropic finds wrong with a Messages request beside its messages: fields, tools, thinking. Texts as pydantic words them and as
 * public issues quote them (anthropics/claude-code, langchain-ai/langchain, vercel/ai); fields: @anthropic-ai/sdk `MessageCreateParams`.
 */
import type { Refusal } from '../../faces/refusal.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';

/** The face names the type after the status. */
export const invalid = (message: string, status = 400): Refusal => ({
  status,
  body: { message, type: 'invalid_request_error', param: null, code: null },
  headers: [],
});

/** Of the API and of its betas. */
const FIELDS = new Set([
  'cache_control',
  'container',
  'context_management',
  'diagnostics',
  'fallbacks',
  'inference_geo',
  'max_tokens',
  'mcp_servers',
  'messages',
  'metadata',
  'model',
  'output_config',
  'output_format',
  'service_tier',
  'speed',
  'stop_sequences',
  'stream',
  'system',
  'temperature',
  'thinking',
  'tool_choice',
  'tools',
  'top_k',
  'top_p',
  'user_profile_id',
  'workspace_id',
]);

export function wrongFields(body: JsonObject): Refusal | null {
  const extra = Object.keys(body).find((name) => !FIELDS.has(name));
  return extra === undefined ? null : invalid(`${extra}: Extra inputs are not permitted`);
}

export function wrongHead(body: JsonObject, counting: boolean): Refusal | null {
  const { model, max_tokens: maxTokens, stream } = body;
  if (model === undefined) return invalid('model: Field required');
  if (typeof model !== 'string') return invalid('model: Input should be a valid string');
  if (stream !== undefined && typeof stream !== 'boolean') {
    return invalid('stream: Input should be a valid boolean');
  }
  if (counting) return wrongNumbers(body);
  if (maxTokens === undefined) return invalid('max_tokens: Field required');
  if (!Number.isInteger(maxTokens)) return invalid('max_tokens: Input should be a valid integer');
  if (Number(maxTokens) < 1) {
    return invalid('max_tokens: Input should be greater than or equal to 1');
  }
  return wrongNumbers(body);
}

function wrongNumbers(body: JsonObject): Refusal | null {
  for (const name of ['temperature', 'top_p']) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number') return invalid(`${name}: Input should be a valid number`);
    if (value < 0 || value > 1) return invalid(`${name}: range: 0..1`);
  }
  const { stop_sequences: stops, system } = body;
  if (stops !== undefined && stops !== null) {
    if (!Array.isArray(stops)) return invalid('stop_sequences: Input should be a valid list');
    if (stops.some((stop) => typeof stop !== 'string' || stop.trim() === '')) {
      return invalid('stop_sequences: each stop sequence must contain non-whitespace');
    }
  }
  const asText = system === undefined || typeof system === 'string' || Array.isArray(system);
  return asText ? null : invalid('system: Input should be a valid list');
}

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,128}$/;

/** A tool of the caller's own; Anthropic's have a `type` and need no schema. */
function wrongTool(tool: unknown, at: number): Refusal | null {
  if (!isObject(tool)) return invalid(`tools.${at}: Input should be an object`);
  const { type, name, input_schema: schema } = tool;
  if (type !== undefined && type !== null && type !== 'custom') return null;
  const field = `tools.${at}.custom`;
  if (name === undefined) return invalid(`${field}.name: Field required`);
  if (typeof name !== 'string' || !TOOL_NAME.test(name)) {
    return invalid(`${field}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
  }
  if (schema === undefined) return invalid(`${field}.input_schema: Field required`);
  if (!isObject(schema)) {
    return invalid(`${field}.input_schema: Input should be a valid dictionary`);
  }
  if (schema['type'] === undefined) return invalid(`${field}.input_schema.type: Field required`);
  return schema['type'] === 'object'
    ? null
    : invalid(`${field}.input_schema.type: Input should be 'object'`);
}

export function wrongTools({ tools, tool_choice: choice }: JsonObject): Refusal | null {
  const given: unknown[] = Array.isArray(tools) ? tools : [];
  if (tools !== undefined && tools !== null && !Array.isArray(tools)) {
    return invalid('tools: Input should be a valid list');
  }
  for (const [at, tool] of given.entries()) {
    const refusal = wrongTool(tool, at);
    if (refusal !== null) return refusal;
  }
  const names = given.filter(isObject).map(({ name }) => name);
  if (new Set(names).size < names.length) return invalid('tools: Tool names must be unique.');
  return wrongChoice(choice, names);
}

function wrongChoice(choice: unknown, names: readonly unknown[]): Refusal | null {
  if (choice === undefined || choice === null) return null;
  const type = isObject(choice) ? choice['type'] : undefined;
  if (!isObject(choice) || !['auto', 'any', 'tool', 'none'].includes(String(type))) {
    const tags = "'auto', 'any', 'tool', 'none'";
    return invalid(
      `tool_choice: Input tag '${String(type).slice(0, 40)}' found using 'type' does not match any of the expected tags: ${tags}`,
    );
  }
  if (names.length === 0 && type !== 'none') {
    return invalid('tool_choice: may only be specified while providing tools');
  }
  if (type !== 'tool') return null;
  if (typeof choice['name'] !== 'string') return invalid('tool_choice.tool.name: Field required');
  return names.includes(choice['name'])
    ? null
    : invalid(`Tool '${choice['name'].slice(0, 128)}' not found in provided tools`);
}

const LEAST_BUDGET = 1024;

/** `maxTokens`: null where none is asked for. */
function wrongBudget({ budget_tokens: budget }: JsonObject, maxTokens: unknown): Refusal | null {
  const field = 'thinking.enabled.budget_tokens';
  if (budget === undefined) return invalid(`${field}: Field required`);
  if (!Number.isInteger(budget)) return invalid(`${field}: Input should be a valid integer`);
  if (Number(budget) < LEAST_BUDGET) {
    return invalid(`${field}: Input should be greater than or equal to ${LEAST_BUDGET}`);
  }
  return maxTokens !== null && Number(maxTokens) <= Number(budget)
    ? invalid('`max_tokens` must be greater than `thinking.budget_tokens`.')
    : null;
}

export function wrongThinking(body: JsonObject, counting: boolean): Refusal | null {
  const { thinking, max_tokens: maxTokens } = body;
  if (thinking === undefined || thinking === null) return null;
  const type = isObject(thinking) ? thinking['type'] : undefined;
  if (type === 'disabled' || type === 'between_tools') return null;
  if (!isObject(thinking) || (type !== 'enabled' && type !== 'adaptive')) {
    return invalid(
      "thinking: Input tag found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'",
    );
  }
  const wrong = type === 'enabled' ? wrongBudget(thinking, counting ? null : maxTokens) : null;
  if (wrong !== null) return wrong;
  return thinkingConflict(body);
}

/** What may not be asked for together with thoughts. */
function thinkingConflict({ tool_choice: choice, temperature }: JsonObject): Refusal | null {
  if (isObject(choice) && (choice['type'] === 'any' || choice['type'] === 'tool')) {
    return invalid('Thinking may not be enabled when tool_choice forces tool use.');
  }
  return temperature === undefined || temperature === 1
    ? null
    : invalid('`temperature` may only be set to 1 when thinking is enabled.');
}
