/** Models in Anthropic's shape. Source: `ModelInfo` of the official SDK; https://platform.claude.com/docs/en/api/models-list. */

export interface ListedModel {
  readonly id: string;
  /** For people to read; the id where there is none. */
  readonly displayName: string | null;
  /** Epoch seconds; 0 where nobody knows, as the dialect says it too. */
  readonly createdAt: number;
  readonly maxInputTokens: number | null;
  readonly maxOutputTokens: number | null;
}

/** The body of `GET /v1/models`: all on one page. */
export function renderModelList(models: readonly ListedModel[]): string {
  return JSON.stringify({
    data: models.map((model) => shown(model)),
    has_more: false,
    first_id: models.at(0)?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  });
}

/** The body of `GET /v1/models/{id}`. */
export function renderModel(model: ListedModel): string {
  return JSON.stringify(shown(model));
}

function shown({ id, displayName, createdAt, maxInputTokens, maxOutputTokens }: ListedModel) {
  return {
    type: 'model',
    id,
    display_name: displayName ?? id,
    created_at: new Date(createdAt * 1000).toISOString(),
    max_input_tokens: maxInputTokens,
    max_tokens: maxOutputTokens,
    capabilities: null,
    lifecycle: 'active',
    line: null,
    deprecated_at: null,
    retires_at: null,
  };
}
