const FORBIDDEN = /[^a-zA-Z0-9_-]/;

/**
 * A call's id in the letters that `tool_use.id` may have, `^[a-zA-Z0-9_-]+$`: others become `_x` and their code in hex. The same id
 * always becomes the same, in a call and in its result.
 */
export function toolUseId(id: string): string {
  if (!FORBIDDEN.test(id)) return id === '' ? '_' : id;
  let safe = '';
  for (let index = 0; index < id.length; index++) {
    const unit = id.charAt(index);
    safe += FORBIDDEN.test(unit) ? `_x${unit.charCodeAt(0).toString(16)}_` : unit;
  }
  return safe;
}
