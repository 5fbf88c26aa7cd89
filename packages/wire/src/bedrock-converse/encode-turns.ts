import { isToolResult, type Part } from '../canonical/content.ts';
import type { Turn } from '../canonical/request.ts';
import type { JsonObject } from '../json/value.ts';
import { CONVERSE } from './dialect-name.ts';
import { writeBlocks, type ContentContext } from './encode-content.ts';

export interface WrittenTurns {
  readonly system: readonly JsonObject[];
  readonly messages: readonly JsonObject[];
  /** Whether the turn that goes on calls tools without a thought of the model's own before it. */
  readonly thoughtless: boolean;
}

interface Message {
  readonly role: Turn['role'];
  readonly content: JsonObject[];
}

/**
 * The conversation. Of another dialect's, system turns move to the head (named where one stood in the middle), turns of one role in a row
 * become one, those in which nothing remains are left out, and results of tools stand before what else their turn says.
 */
export function writeTurns(turns: readonly Turn[], context: ContentContext): WrittenTurns {
  const { own, drops } = context;
  const system: JsonObject[] = [];
  const messages: Message[] = [];
  let begun = false;
  for (const turn of turns) {
    drops.addIf(turn.name, 'name');
    const isSystem = turn.role === 'system' || turn.role === 'developer';
    begun ||= !isSystem;
    if (isSystem && !(own && begun)) {
      if (begun) drops.add('system_position');
      system.push(...writeBlocks(systemParts(turn, context), context));
    } else {
      addMessage(messages, turn, context);
    }
  }
  return { system, messages: messages.map(asMessage), thoughtless: isThoughtless(turns) };
}

const asMessage = ({ role, content }: Message): JsonObject => ({
  role: role === 'developer' ? 'system' : role,
  content,
});

function addMessage(messages: Message[], turn: Turn, context: ContentContext): void {
  const { role, parts } = turn;
  if (context.own) {
    messages.push({ role, content: writeBlocks(parts, context) });
    return;
  }
  const content = writeBlocks(resultsFirst(parts), context);
  const last = messages.at(-1);
  if (content.length === 0) return;
  if (last?.role === role) last.content.push(...content);
  else messages.push({ role, content });
}

/** At the head there is only text, beside blocks of its own dialect. */
function systemParts({ parts }: Turn, { drops }: ContentContext): readonly Part[] {
  return parts.filter((part) => {
    const taken = part.kind === 'text' || part.kind === 'refusal' || part.kind === 'foreign';
    if (!taken) drops.add(part.kind);
    return taken;
  });
}

function resultsFirst(parts: readonly Part[]): readonly Part[] {
  const first = parts.findIndex((part) => !isToolResult(part));
  if (first < 0 || !parts.some((part, index) => index > first && isToolResult(part))) return parts;
  return [...parts.filter(isToolResult), ...parts.filter((part) => !isToolResult(part))];
}

function isThoughtless(turns: readonly Turn[]): boolean {
  const last = turns.findLast(({ role }) => role === 'assistant');
  if (last?.parts.some(({ kind }) => kind === 'tool_call') !== true) return false;
  return !last.parts.some(
    (part) => part.kind === 'thinking' && (part.signature ?? part.sealed)?.origin === CONVERSE,
  );
}
