/** Who a model belongs to, as far as a caller is told: the alias is the gateway's, whatever stands behind it. */
const OWNER = 'keywell';

/** The body of `GET /v1/models`; `created` is epoch seconds, 0 where nobody knows. */
export function renderModelList(names: readonly string[], created = 0): string {
  return JSON.stringify({ object: 'list', data: names.map((name) => model(name, created)) });
}

/** The body of `GET /v1/models/{id}`. */
export function renderModel(name: string, created = 0): string {
  return JSON.stringify(model(name, created));
}

function model(id: string, created: number) {
  return { id, object: 'model', created, owned_by: OWNER };
}
