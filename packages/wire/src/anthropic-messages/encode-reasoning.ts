import { thinkingBudget, thinkingEffort } from '../canonical/reasoning-effort.ts';
import {
  EFFORTS,
  type CanonicalRequest,
  type Effort,
  type OutputFormat,
  type Reasoning,
} from '../canonical/request.ts';
import type { Drops } from '../canonical/drops.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { closeSchema } from './closed-schema.ts';
import type { EncodeContext } from './encode-content.ts';
import type { ModelTraits } from './model-traits.ts';

/** The least budget that is taken. */
const LEAST_BUDGET = 1024;

export interface EncodedReasoning {
  readonly thinking: JsonObject | null;
  readonly effort: Effort | null;
  /** Tokens that thinking may take of `max_tokens`: an error where there are no more than these. 0 where it is no fixed budget. */
  readonly budget: number;
}

const NOTHING: EncodedReasoning = { thinking: null, effort: null, budget: 0 };

export interface Obstacles {
  /** A tool is forced. */
  readonly forced: boolean;
  /** The turn that goes on had no thought of the model's own. */
  readonly thoughtless: boolean;
}

/**
 * Thinking in the form that the model takes. Manual thinking is an error beside a forced tool, and in a tool loop that began without
 * thoughts: there it is left out and named.
 */
export function encodeReasoning(
  { reasoning, extensions }: CanonicalRequest,
  traits: ModelTraits,
  obstacles: Obstacles,
  { own, drops }: EncodeContext,
): EncodedReasoning {
  const unknown = own ? extensions['thinking'] : undefined;
  if (isJsonObject(unknown)) {
    return { thinking: unknown, effort: reasoning?.effort ?? null, budget: 0 };
  }
  if (reasoning === null) return NOTHING;
  if (own) return asSaid(reasoning);
  if (reasoning.summary !== null && reasoning.summary !== 'auto') drops.add('reasoning_summary');
  if (thinkingBudget(reasoning) === 0) return stopped(traits, drops);
  if (!asksToThink(reasoning)) return NOTHING;
  if (traits.thinking === 'adaptive') return adaptive(reasoning, traits);
  if (obstacles.forced || obstacles.thoughtless) {
    drops.add('reasoning_effort');
    return NOTHING;
  }
  return manual(reasoning, traits);
}

function asksToThink({ effort, budgetTokens, adaptive: isAdaptive, show }: Reasoning): boolean {
  return effort !== null || budgetTokens !== null || isAdaptive || show === true;
}

/** A request of this dialect says it in its own form already. */
function asSaid({ adaptive: isAdaptive, budgetTokens, effort, show }: Reasoning): EncodedReasoning {
  const display = show === null ? {} : { display: show ? 'summarized' : 'omitted' };
  if (isAdaptive) return { thinking: { type: 'adaptive', ...display }, effort, budget: 0 };
  if (budgetTokens === 0) return { thinking: { type: 'disabled' }, effort, budget: 0 };
  if (budgetTokens === null) return { thinking: null, effort, budget: 0 };
  const thinking = { type: 'enabled', budget_tokens: budgetTokens, ...display };
  return { thinking, effort, budget: budgetTokens };
}

function stopped(traits: ModelTraits, drops: Drops): EncodedReasoning {
  if (traits.canStopThinking) return { ...NOTHING, thinking: { type: 'disabled' } };
  drops.add('reasoning_effort');
  return { ...NOTHING, effort: 'low' };
}

function adaptive(reasoning: Reasoning, { efforts }: ModelTraits): EncodedReasoning {
  const { show } = reasoning;
  const display = show === null ? {} : { display: show ? 'summarized' : 'omitted' };
  const effort = thinkingEffort(reasoning);
  return {
    thinking: { type: 'adaptive', ...display },
    effort: effort === null ? null : nearest(effort, efforts),
    budget: 0,
  };
}

/** The least of the known efforts that is not less; the greatest where there is none. */
function nearest(effort: Effort, efforts: readonly Effort[]): Effort | null {
  const rank = EFFORTS.indexOf(effort);
  return efforts.find((known) => EFFORTS.indexOf(known) >= rank) ?? efforts.at(-1) ?? null;
}

/** Where the model is to decide by itself and cannot, it gets a middling budget. */
function manual(reasoning: Reasoning, { efforts }: ModelTraits): EncodedReasoning {
  const asked =
    thinkingBudget(reasoning) ??
    thinkingBudget({ ...reasoning, budgetTokens: null, effort: 'medium' });
  const budget = Math.max(LEAST_BUDGET, asked ?? LEAST_BUDGET);
  const effort = reasoning.effort === null ? null : nearest(reasoning.effort, efforts);
  return { thinking: { type: 'enabled', budget_tokens: budget }, effort, budget };
}

/** `output_config`: effort and form of the answer; null where there is nothing to say. */
export function outputConfig(
  { output, extensions }: CanonicalRequest,
  effort: Effort | null,
  { own, drops }: EncodeContext,
): JsonObject | null {
  const rest = own ? extensions['output_config'] : undefined;
  const config: Record<string, JsonValue | undefined> = isJsonObject(rest) ? { ...rest } : {};
  if (effort !== null) config['effort'] = effort;
  if (output?.kind === 'json_schema') config['format'] = formatOf(output, own, drops);
  return Object.keys(config).length === 0 ? null : config;
}

function formatOf(
  { schema, description }: Extract<OutputFormat, { kind: 'json_schema' }>,
  own: boolean,
  drops: Drops,
): JsonObject {
  if (own) return { type: 'json_schema', schema };
  const described = description === null ? schema : { description, ...schema };
  const { schema: closed, loosened } = closeSchema(described);
  if (loosened) drops.add('schema_constraints');
  return { type: 'json_schema', schema: closed };
}
