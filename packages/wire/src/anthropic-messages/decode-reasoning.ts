import { EFFORTS, type Effort, type OutputFormat, type Reasoning } from '../canonical/request.ts';
import {
  optionalCount,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  requiredObject,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';

export interface ReadOutput {
  readonly reasoning: Reasoning | null;
  readonly output: OutputFormat | null;
  /** What of `thinking` and `output_config` has no canonical place, by member. */
  readonly rest: Readonly<Record<string, JsonValue>>;
}

const CONFIG_MEMBERS = new Set(['effort', 'format']);
/** An effort that is not known rides along. */
const CONFIG_WITHOUT_EFFORT = new Set(['format']);
const NO_REASONING: Reasoning = {
  effort: null,
  budgetTokens: null,
  adaptive: false,
  show: null,
  summary: null,
};

/**
 * `thinking` and `output_config` belong together: one says whether and how a model thinks, the other how much, and what form its answer
 * has. Thinking that is switched off is a budget of 0, so that an effort beside it stays.
 */
export function readOutput(body: JsonObject): ReadOutput {
  const rest: Record<string, JsonValue> = {};
  const config = optionalObject(body, 'output_config', '') ?? {};
  const effort = readEffort(config);
  const others = othersIn(config, effort === null ? CONFIG_WITHOUT_EFFORT : CONFIG_MEMBERS);
  if (Object.keys(others).length > 0) rest['output_config'] = others;
  const thinking = readThinkingConfig(body, rest);
  const reasoning = effort === null ? thinking : { ...(thinking ?? NO_REASONING), effort };
  return { reasoning, output: readFormat(config, body), rest };
}

function readEffort(config: JsonObject): Effort | null {
  const effort = optionalString(config, 'effort', 'output_config');
  return EFFORTS.find((known) => known === effort) ?? null;
}

function readThinkingConfig(body: JsonObject, rest: Record<string, JsonValue>): Reasoning | null {
  const thinking = optionalObject(body, 'thinking', '');
  if (thinking === null) return null;
  const show = readDisplay(thinking);
  switch (requiredString(thinking, 'type', 'thinking')) {
    case 'enabled': {
      const budgetTokens = optionalCount(thinking, 'budget_tokens', 'thinking');
      if (budgetTokens === null) {
        throw wrongFault(pathOf('thinking', 'budget_tokens'), 'a whole number of 1024 or more');
      }
      return { ...NO_REASONING, budgetTokens, show };
    }
    case 'adaptive':
      return { ...NO_REASONING, adaptive: true, show };
    case 'disabled':
      return { ...NO_REASONING, budgetTokens: 0 };
    default:
      rest['thinking'] = thinking;
      return null;
  }
}

function readDisplay(thinking: JsonObject): boolean | null {
  const display = optionalString(thinking, 'display', 'thinking');
  if (display === 'summarized') return true;
  return display === 'omitted' ? false : null;
}

/** `output_config.format`; before it was general, the same stood in `output_format`. */
function readFormat(config: JsonObject, body: JsonObject): OutputFormat | null {
  const isOld = (config['format'] ?? null) === null;
  const at = isOld ? 'output_format' : 'output_config.format';
  const format = isOld
    ? optionalObject(body, 'output_format', '')
    : requiredObject(config, 'format', 'output_config');
  if (format === null) return null;
  if (requiredString(format, 'type', at) !== 'json_schema') {
    throw wrongFault(pathOf(at, 'type'), '"json_schema"');
  }
  const schema = requiredObject(format, 'schema', at);
  return { kind: 'json_schema', name: null, description: null, schema, strict: null };
}
