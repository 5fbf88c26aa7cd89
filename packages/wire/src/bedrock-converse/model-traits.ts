import { remembered } from '../canonical/remembered.ts';
import type { Effort } from '../canonical/request.ts';

/** What a model behind Converse takes; the same members are an error on one and needed on another. */
export interface ModelTraits {
  /** Kinds of `toolChoice` it takes beside leaving it out. */
  readonly toolChoices: ReadonlySet<'auto' | 'any' | 'tool'>;
  readonly cachePoints: boolean;
  /** Whether it takes `status` of a tool's result. */
  readonly resultStatus: boolean;
  /** Where `top_k` stands in `additionalModelRequestFields`; null where there is none. */
  readonly topK: readonly string[] | null;
  /**
   * How it is asked to think: Claude by a budget or, since 4.6, as it likes; Nova 2 and OpenAI's open models by an effort. Null where it
   * cannot be asked.
   */
  readonly thinking: 'budget' | 'adaptive' | 'nova' | 'effort' | null;
  readonly efforts: readonly Effort[];
  /** Whether it takes temperature and top_p at all, or both at once. */
  readonly sampling: 'both' | 'one' | 'none';
}

const LOW_TO_HIGH: readonly Effort[] = ['low', 'medium', 'high'];
const ALL_EFFORTS: readonly Effort[] = [...LOW_TO_HIGH, 'xhigh', 'max'];
const ANY_CHOICE: ModelTraits['toolChoices'] = new Set(['auto', 'any', 'tool']);

/** A model of which nothing is known, such as an application's inference profile: it gets what is asked. */
const UNKNOWN: ModelTraits = {
  toolChoices: ANY_CHOICE,
  cachePoints: true,
  resultStatus: true,
  topK: null,
  thinking: null,
  efforts: [],
  sampling: 'both',
};
const MODEST: ModelTraits = {
  ...UNKNOWN,
  toolChoices: new Set(),
  cachePoints: false,
  resultStatus: false,
};
const CLAUDE: ModelTraits = { ...UNKNOWN, topK: ['top_k'] };
const NOVA: ModelTraits = { ...UNKNOWN, topK: ['inferenceConfig', 'topK'] };

/** Vendors by what stands in their model ids, after the geography: `us.anthropic.claude-…`, `…/eu.amazon.nova-…`. */
const VENDORS: readonly (readonly [RegExp, ModelTraits])[] = [
  [/\bamazon\.nova-2/, { ...NOVA, thinking: 'nova', efforts: LOW_TO_HIGH }],
  [/\bamazon\.nova/, NOVA],
  [
    /\bopenai\.gpt-oss/,
    { ...UNKNOWN, cachePoints: false, thinking: 'effort', efforts: LOW_TO_HIGH },
  ],
  [/\bmistral\./, { ...MODEST, toolChoices: new Set(['auto', 'any']), topK: ['top_k'] }],
  [/\bcohere\./, { ...MODEST, topK: ['k'] }],
  [/\b(?:meta|ai21|deepseek|writer)\./, MODEST],
];

const CLAUDE_NAME = /claude-(?:[a-z]{1,20}-)?(\d{1,2})(?:[-.](\d)(?!\d))?/;

/**
 * Traits by a model's id. Sources: API_runtime_ToolChoice (`any`: Claude, Mistral Large, Nova; `tool`: Claude, Nova), API_runtime_ToolResultBlock
 * (`status`: Nova, Claude), prompt-caching.html (Claude, Nova), nova2-userguide/extended-thinking.html, all at docs.aws.amazon.com; what a
 * Claude takes by its version: https://platform.claude.com/docs/en/build-with-claude/extended-thinking. A Claude newer than is known here counts as
 * the newest.
 */
export const traitsOf: (model: string) => ModelTraits = remembered((model) => {
  const claude = CLAUDE_NAME.exec(model);
  if (claude !== null) return claudeTraits(Number(claude[1]) * 10 + Number(claude[2] ?? 0));
  return VENDORS.find(([name]) => name.test(model))?.[1] ?? UNKNOWN;
});

function claudeTraits(version: number): ModelTraits {
  if (version < 37) return CLAUDE;
  if (version <= 40) return { ...CLAUDE, thinking: 'budget' };
  if (version <= 45) return { ...CLAUDE, thinking: 'budget', sampling: 'one' };
  const sampling = version === 46 ? 'one' : 'none';
  return { ...CLAUDE, thinking: 'adaptive', efforts: ALL_EFFORTS, sampling };
}
