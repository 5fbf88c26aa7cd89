import type { Part } from './content.ts';

/** What kinds of parts an answer holds, where the dialects tell its end by it. */
export interface Held {
  readonly text: boolean;
  readonly refusal: boolean;
  readonly calls: boolean;
}

export function heldIn(parts: readonly Part[]): Held {
  const held = { text: false, refusal: false, calls: false };
  for (const { kind } of parts) {
    if (kind === 'text') held.text = true;
    else if (kind === 'refusal') held.refusal = true;
    else if (kind === 'tool_call') held.calls = true;
  }
  return held;
}
