/**
 * How much a model may think. Source: `ThinkingConfig` of @google/genai, https://ai.google.dev/gemini-api/docs/thinking: models from
 * Gemini 3 on take a level and cannot be kept from thinking, 2.5 takes a budget with limits of each model, before it none think.
 */
import type { Drops } from '../canonical/drops.ts';
import { thinkingBudget, thinkingEffort } from '../canonical/reasoning-effort.ts';
import {
  optionalBoolean,
  optionalNumber,
  optionalString,
  othersIn,
} from '../canonical/read-member.ts';
import { EFFORTS, type Effort, type Reasoning } from '../canonical/request.ts';
import type { JsonObject } from '../json/value.ts';
import { said } from '../canonical/said.ts';
import { camelMembers } from './member-names.ts';
import { familyOf, type ModelFamily } from './model-family.ts';

const AT = 'generationConfig.thinkingConfig';
const KNOWN = new Set(['includeThoughts', 'thinkingBudget', 'thinkingLevel']);
const UNSPECIFIED = 'THINKING_LEVEL_UNSPECIFIED';

export interface DecodedThinking {
  readonly reasoning: Reasoning;
  readonly others: JsonObject;
}

export function decodeThinking(raw: JsonObject): DecodedThinking {
  const config = camelMembers(raw);
  const level = optionalString(config, 'thinkingLevel', AT);
  const effort = EFFORTS.find((name) => name === level?.toLowerCase()) ?? null;
  const unknown = level !== null && effort === null && level !== UNSPECIFIED;
  return {
    reasoning: {
      effort,
      budgetTokens: optionalNumber(config, 'thinkingBudget', AT),
      adaptive: false,
      show: optionalBoolean(config, 'includeThoughts', AT),
      summary: null,
    },
    others: { ...othersIn(config, KNOWN), ...(unknown ? { thinkingLevel: level } : {}) },
  };
}

/** What was asked in Gemini's own words goes as it came; other words become the nearest that the model understands. */
export function encodeThinking(
  reasoning: Reasoning,
  { model, own }: { readonly model: string; readonly own: boolean },
  drops: Drops,
): JsonObject {
  const includeThoughts = reasoning.show ?? (reasoning.summary === null ? null : true);
  if (own) {
    const { effort, budgetTokens } = reasoning;
    return said({
      includeThoughts,
      thinkingBudget: budgetTokens,
      thinkingLevel: effort?.toUpperCase(),
    });
  }
  const family = familyOf(model);
  if (family.isThirdOrLater) {
    return said({ includeThoughts, thinkingLevel: levelFor(reasoning, family, drops) });
  }
  if (family.generation !== null && family.generation < 2.5) {
    if (thinkingEffort(reasoning) !== 'none') drops.add('reasoning');
    return {};
  }
  return said({ includeThoughts, thinkingBudget: budgetFor(reasoning, family, drops) });
}

/** MINIMAL and MEDIUM are unknown to the first Pro of generation 3: it is asked for the next of its levels, LOW and HIGH. */
const LEVELS: Readonly<Record<Effort, string>> = {
  none: 'MINIMAL',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
};

function levelFor(reasoning: Reasoning, { generation, pro }: ModelFamily, drops: Drops) {
  if (reasoning.adaptive && reasoning.effort === null) return null;
  const effort = thinkingEffort(reasoning);
  if (effort === null) return null;
  if (effort === 'none') drops.add('reasoning_effort');
  const level = LEVELS[effort];
  if (pro && level === 'MINIMAL') return 'LOW';
  return pro && generation === 3 && level === 'MEDIUM' ? 'HIGH' : level;
}

/** Budgets: 2.5 Pro 128 to 32,768, Flash 0 to 24,576, Flash-Lite 0 or 512 to 24,576; -1 leaves it to the model. */
function budgetFor(reasoning: Reasoning, { pro, lite }: ModelFamily, drops: Drops) {
  if (reasoning.adaptive && reasoning.effort === null) return -1;
  if (reasoning.budgetTokens !== null && reasoning.budgetTokens < 0) return -1;
  const budget = thinkingBudget(reasoning);
  if (budget === null) return null;
  if (budget === 0 && !pro) return 0;
  if (budget === 0) drops.add('reasoning_effort');
  const least = pro ? 128 : lite ? 512 : 1;
  return Math.min(Math.max(budget, least), pro ? 32_768 : 24_576);
}
