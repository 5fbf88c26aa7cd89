import { remembered } from '../canonical/remembered.ts';

/**
 * What a model's name tells of it, where the generations of Gemini want to be asked in different ways: 3 and later think by level and
 * demand signatures of tool calls, 2.5 thinks by budget, what came before does not think.
 */
export interface ModelFamily {
  /** 1, 1.5, 2, 2.5, 3 …; null for names that tell nothing: aliases such as `gemini-flash-latest`, tuned models, others' models. */
  readonly generation: number | null;
  readonly lite: boolean;
  readonly pro: boolean;
  /** Generation 3 or later; an alias of Google's (`gemini-pro-latest`) counts as one. */
  readonly isThirdOrLater: boolean;
}

export const familyOf: (model: string) => ModelFamily = remembered((model) => {
  const name = model.toLowerCase();
  const match = /gemini-(\d{1,3}(?:\.\d{1,3})?)/.exec(name);
  const generation = match === null ? null : Number(match[1]);
  return {
    generation,
    lite: name.includes('-lite'),
    pro: name.includes('-pro'),
    isThirdOrLater: generation === null ? name.includes('gemini-') : generation >= 3,
  };
});
