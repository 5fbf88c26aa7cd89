import type { Turn } from './request.ts';

/** Names of the tools that were called, by the call's id; for dialects whose results carry a name. */
export function toolNamesOf(turns: readonly Turn[]): ReadonlyMap<string, string> {
  let names: Map<string, string> | null = null;
  for (const { parts } of turns) {
    for (const part of parts) {
      if (part.kind === 'tool_call') (names ??= new Map()).set(part.id, part.name);
    }
  }
  return names ?? NO_TOOL_NAMES;
}

export const NO_TOOL_NAMES: ReadonlyMap<string, string> = new Map();
