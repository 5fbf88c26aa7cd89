import type { Turn } from './request.ts';

/** Names of the tools that were called, by the call's id; for dialects whose results carry a name. */
export function toolNamesOf(turns: readonly Turn[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { parts } of turns) {
    for (const part of parts) if (part.kind === 'tool_call') names.set(part.id, part.name);
  }
  return names;
}
