/** Models as Gemini's API lists them. Source: https://ai.google.dev/api/models#Model, `modelFromMldev` of @google/genai. */

export interface ListedModel {
  readonly id: string;
  readonly displayName: string | null;
  readonly inputTokenLimit: number | null;
  readonly outputTokenLimit: number | null;
  /** Whether it makes vectors instead of answers. */
  readonly embeds: boolean;
}

const ANSWERS = ['generateContent', 'streamGenerateContent', 'countTokens'];
const EMBEDS = ['embedContent', 'batchEmbedContents'];

/** The body of `GET /v1beta/models`: all on one page. */
export function renderModelList(models: readonly ListedModel[]): string {
  return JSON.stringify({ models: models.map((model) => shape(model)) });
}

/** The body of `GET /v1beta/models/{model}`. */
export function renderModel(model: ListedModel): string {
  return JSON.stringify(shape(model));
}

/** Limits that nobody knows are left out. */
function shape({ id, displayName, inputTokenLimit, outputTokenLimit, embeds }: ListedModel) {
  return {
    name: `models/${id}`,
    displayName: displayName ?? id,
    ...(inputTokenLimit === null ? {} : { inputTokenLimit }),
    ...(outputTokenLimit === null ? {} : { outputTokenLimit }),
    supportedGenerationMethods: embeds ? EMBEDS : ANSWERS,
  };
}
