import type { Drops } from '../canonical/drops.ts';
import { thinkingBudget, thinkingEffort } from '../canonical/reasoning-effort.ts';
import {
  EFFORTS,
  type CanonicalRequest,
  type Effort,
  type Reasoning,
} from '../canonical/request.ts';
import type { JsonObject } from '../json/value.ts';
import type { ModelTraits } from './model-traits.ts';

export interface WrittenReasoning {
  /** Members of `additionalModelRequestFields`. */
  readonly fields: JsonObject;
  /** `outputConfig.effort`. */
  readonly effort: Effort | null;
  /** Whether the model thinks in a way that rules out the sampling parameters, or Nova's that rules out the limit on output too. */
  readonly rulesOut: 'nothing' | 'sampling' | 'sampling_and_limit';
}

const NOTHING: WrittenReasoning = { fields: {}, effort: null, rulesOut: 'nothing' };

/** The least budget that Claude takes; it has to be less than `maxTokens`. */
const LEAST_BUDGET = 1024;

export interface Obstacles {
  readonly forced: boolean;
  readonly thoughtless: boolean;
}

/**
 * Thinking in the form that the model takes; where it has none, or where a budget does not fit below the caller's limit, beside a
 * forced tool, or into a tool loop that began without thoughts, it is left out and named.
 */
export function writeReasoning(
  { reasoning, sampling }: CanonicalRequest,
  traits: ModelTraits,
  obstacles: Obstacles,
  drops: Drops,
): WrittenReasoning {
  if (reasoning === null) return NOTHING;
  if (reasoning.summary !== null && reasoning.summary !== 'auto') drops.add('reasoning_summary');
  const { thinking } = traits;
  if (thinkingBudget(reasoning) === 0) return stopped(traits, drops);
  if (!asksToThink(reasoning)) return NOTHING;
  if (thinking === 'adaptive') return adaptive(reasoning, traits);
  if (thinking === 'nova' || thinking === 'effort') return byEffort(reasoning, traits);
  const budget = thinking === null ? null : budgetBelow(reasoning, sampling.maxOutputTokens);
  if (budget === null || obstacles.forced || obstacles.thoughtless) {
    drops.add('reasoning_effort');
    return NOTHING;
  }
  const fields = { thinking: { type: 'enabled', budget_tokens: budget } };
  return { fields, effort: null, rulesOut: 'sampling' };
}

function asksToThink({ effort, budgetTokens, adaptive: isAdaptive, show }: Reasoning): boolean {
  return effort !== null || budgetTokens !== null || isAdaptive || show === true;
}

/** Models think only when asked, but for those that decide by themselves. */
function stopped({ thinking }: ModelTraits, drops: Drops): WrittenReasoning {
  if (thinking === 'adaptive') return { ...NOTHING, fields: { thinking: { type: 'disabled' } } };
  if (thinking === 'effort') {
    drops.add('reasoning_effort');
    return { ...NOTHING, fields: { reasoning_effort: 'low' } };
  }
  return NOTHING;
}

function adaptive(reasoning: Reasoning, { efforts }: ModelTraits): WrittenReasoning {
  const { show } = reasoning;
  const display = show === null ? {} : { display: show ? 'summarized' : 'omitted' };
  const effort = thinkingEffort(reasoning);
  return {
    fields: { thinking: { type: 'adaptive', ...display } },
    effort: effort === null ? null : nearest(effort, efforts),
    rulesOut: 'sampling',
  };
}

/** Nova at its highest effort takes no limit: https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html */
function byEffort(reasoning: Reasoning, { thinking, efforts }: ModelTraits): WrittenReasoning {
  const effort = nearest(thinkingEffort(reasoning) ?? 'medium', efforts);
  if (thinking === 'effort') return { ...NOTHING, fields: { reasoning_effort: effort } };
  const fields = { reasoningConfig: { type: 'enabled', maxReasoningEffort: effort } };
  const rulesOut = effort === 'high' ? 'sampling_and_limit' : 'nothing';
  return { fields, effort: null, rulesOut };
}

/** The least of the known efforts that is not less; the greatest where there is none. */
function nearest(effort: Effort, efforts: readonly Effort[]): Effort {
  const rank = EFFORTS.indexOf(effort);
  return efforts.find((known) => EFFORTS.indexOf(known) >= rank) ?? efforts.at(-1) ?? effort;
}

/** A budget below the limit on output, which it is part of; null where none fits. Left to the model, it is a middling one. */
function budgetBelow(reasoning: Reasoning, limit: number | null): number | null {
  const asked =
    thinkingBudget(reasoning) ??
    thinkingBudget({ ...reasoning, budgetTokens: null, effort: 'medium' }) ??
    LEAST_BUDGET;
  const budget = Math.max(LEAST_BUDGET, asked);
  if (limit === null || limit > budget) return budget;
  return limit > LEAST_BUDGET ? limit - 1 : null;
}
