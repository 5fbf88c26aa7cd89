import { remembered } from '../canonical/remembered.ts';
import type { Effort } from '../canonical/request.ts';

/** What a model behind this dialect takes; the same members are an error on one and needed on another. */
export interface ModelTraits {
  /** `adaptive`: thinking by `{"type": "adaptive"}` and an effort; `budget`: by `budget_tokens`. */
  readonly thinking: 'adaptive' | 'budget';
  /** Whether `{"type": "disabled"}` is taken. */
  readonly canStopThinking: boolean;
  /** The efforts it knows; empty where `output_config.effort` is an error. */
  readonly efforts: readonly Effort[];
  /** Whether it takes `temperature`, `top_p` and `top_k`. */
  readonly sampling: boolean;
  /** Whether it takes `temperature` and `top_p` together. */
  readonly bothSamplings: boolean;
  /** Whether a tool can be forced. */
  readonly forcedTools: boolean;
  /** Whether it takes `strict` of a tool. */
  readonly strictTools: boolean;
}

/** `claude-<family>-<major>[-<minor>]`, wherever a host puts it into a name; a date behind it is no minor version. */
const VERSIONED = /claude-([a-z]{1,20})-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/;

const LOW_TO_HIGH: readonly Effort[] = ['low', 'medium', 'high'];
const WITH_MAX: readonly Effort[] = [...LOW_TO_HIGH, 'max'];
const ALL: readonly Effort[] = [...LOW_TO_HIGH, 'xhigh', 'max'];

/** Claude until 4.5, and whoever else speaks the dialect. */
const CLASSIC: ModelTraits = {
  thinking: 'budget',
  canStopThinking: true,
  efforts: [],
  sampling: true,
  bothSamplings: true,
  forcedTools: true,
  strictTools: true,
};

/**
 * Traits by a model's name. Sources: https://platform.claude.com/docs/en/build-with-claude/thinking (which form of thinking, sampling
 * parameters from 4.7 on), …/effort, …/structured-outputs; the model catalogue of `@ai-sdk/anthropic` 4.0.105 (which models think
 * always and take no forced tool). A newer version than is known here counts as the newest.
 */
export const traitsOf: (model: string) => ModelTraits = remembered((model) => {
  const match = VERSIONED.exec(model);
  if (match === null) {
    return model.includes('claude-mythos-preview') ? recent('mythos', 50) : oldOrStrange(model);
  }
  const family = match[1] ?? '';
  const version = Number(match[2]) * 10 + Math.min(9, Number(match[3] ?? 0));
  if (version >= 47) return recent(family, version);
  if (version === 46) {
    return { ...CLASSIC, thinking: 'adaptive', efforts: WITH_MAX, bothSamplings: false };
  }
  return {
    ...CLASSIC,
    efforts: family === 'opus' && version === 45 ? LOW_TO_HIGH : [],
    bothSamplings: version <= 40,
    strictTools: version === 45 || (family === 'opus' && version === 41),
  };
});

function recent(family: string, version: number): ModelTraits {
  const alwaysThinks =
    family === 'fable' || family === 'mythos' || (version >= 55 && family !== 'haiku');
  return {
    thinking: 'adaptive',
    canStopThinking: !alwaysThinks,
    efforts: ALL,
    sampling: false,
    bothSamplings: false,
    forcedTools: !alwaysThinks || version === 50,
    strictTools: true,
  };
}

function oldOrStrange(model: string): ModelTraits {
  return model.includes('claude-') ? { ...CLASSIC, strictTools: false } : CLASSIC;
}
