import type {
  Part,
  TextPart,
  ThinkingPart,
  ToolCallPart,
  ToolResultPart,
} from '../canonical/content.ts';
import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest, Turn } from '../canonical/request.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { said } from '../canonical/said.ts';
import { RESPONSES } from './dialect.ts';
import { encodeBlock } from './encode-content.ts';
import {
  addThought,
  continuesThought,
  draftThought,
  reasoningItem,
  type ThoughtDraft,
} from './reasoning-item.ts';
import { riderOf, type Rider } from './riders.ts';

/** The conversation of a request: its first words of the system, where they are one text, and all that follows as items. */
export function encodeTurns(
  request: CanonicalRequest,
  drops: Drops,
): { readonly instructions: string | null; readonly input: readonly JsonValue[] } {
  const instructions = instructionsOf(request);
  const writer = new ItemWriter(request, drops);
  const turns = instructions === null ? request.turns : request.turns.slice(1);
  for (const turn of turns) writer.turn(turn);
  return { instructions, input: writer.items };
}

/** The text of a system turn at the head that is one plain text. */
export function instructionsOf({ turns }: CanonicalRequest): string | null {
  const head = turns[0];
  if (head?.role !== 'system' || head.name !== null || head.parts.length !== 1) return null;
  return plainText(head.parts[0]);
}

function plainText(part: Part | undefined): string | null {
  return part?.kind === 'text' && isPlain(part) ? part.text : null;
}

function isPlain({ annotations, signature, cache }: TextPart): boolean {
  return annotations === null && signature === null && cache === null;
}

class ItemWriter {
  readonly items: JsonValue[] = [];
  readonly #request: CanonicalRequest;
  readonly #drops: Drops;
  /** Calls of tools that take free text: their results have a type of their own. */
  #custom: Set<string> | null = null;
  #message: Part[] = [];
  #thought: ThoughtDraft | null = null;
  #role: Turn['role'] = 'user';

  constructor(request: CanonicalRequest, drops: Drops) {
    this.#request = request;
    this.#drops = drops;
  }

  turn({ role, name, parts }: Turn): void {
    this.#drops.addIf(name, 'name');
    this.#role = role;
    for (const part of parts) this.#part(part);
    this.#flush();
  }

  #part(part: Part): void {
    if (part.kind === 'thinking') this.#think(part);
    else if (part.kind === 'tool_call') this.#item(this.#call(part));
    else if (part.kind === 'tool_result') this.#item(this.#result(part));
    else if (part.kind === 'foreign' && !isJsonArray(part.value)) {
      if (part.origin === RESPONSES) this.#item(part.value);
      else this.#drops.addForeign(part);
    } else if (part.kind === 'foreign' && this.#message.length === 0 && riderOf(part) !== null) {
      this.#ride(riderOf(part));
    } else {
      this.#flushThought();
      this.#message.push(part);
    }
  }

  #item(item: JsonValue): void {
    this.#flush();
    this.items.push(item);
  }

  /** Only this dialect's own thoughts go to a provider: those it sealed and, from its own callers, those without any proof. */
  #think(part: ThinkingPart): void {
    this.#flushMessage();
    const proof = part.sealed ?? part.signature;
    const isForeign = proof !== null && proof.origin !== RESPONSES;
    if (isForeign) {
      this.#flushThought();
      this.#drops.add('thinking');
      return;
    }
    if (this.#thought === null || !continuesThought(this.#thought, part)) {
      this.#flushThought();
      this.#thought = draftThought(part.id);
    }
    addThought(this.#thought, part, proof?.value ?? null);
  }

  #call(part: ToolCallPart): JsonObject {
    const { id, name, custom } = part;
    if (part.signature !== null) this.#drops.add('thinking');
    if (part.cache !== null) this.#drops.add('cache_control');
    if (custom) {
      (this.#custom ??= new Set()).add(id);
      return { type: 'custom_tool_call', call_id: id, name, input: part.arguments };
    }
    const isSilent = part.arguments === '' && this.#request.origin !== RESPONSES;
    return {
      type: 'function_call',
      call_id: id,
      name,
      arguments: isSilent ? '{}' : part.arguments,
    };
  }

  #result(part: ToolResultPart): JsonObject {
    const { callId, content, isError, cache } = part;
    const { origin } = this.#request;
    if (isError) this.#drops.add('is_error');
    if (cache !== null) this.#drops.add('cache_control');
    const text = content.length === 1 ? plainText(content[0]) : null;
    const writer = { origin, isModel: false };
    const blocks = content.flatMap((block) => encodeBlock(block, writer, this.#drops) ?? []);
    const isCustom = this.#custom?.has(callId) === true;
    return said({
      type: isCustom ? 'custom_tool_call_output' : 'function_call_output',
      call_id: callId,
      name: origin === RESPONSES ? part.name : null,
      output: text ?? blocks,
    });
  }

  #flush(): void {
    this.#flushMessage();
    this.#flushThought();
  }

  #flushThought(): void {
    const draft = this.#thought;
    if (draft === null) return;
    this.#thought = null;
    if (draft.proof === null && this.#request.origin !== RESPONSES) this.#drops.add('thinking');
    else this.items.push(reasoningItem(draft, draft.id));
  }

  /** A member of the item that was written last. */
  #ride(rider: Rider | null): void {
    const last = this.items.pop();
    if (rider === null || !isJsonObject(last)) return;
    this.items.push({ ...last, [rider.member]: rider.value });
  }

  #flushMessage(): void {
    const parts = this.#message;
    if (parts.length === 0) return;
    this.#message = [];
    const writer = { origin: this.#request.origin, isModel: this.#role === 'assistant' };
    const blocks: JsonValue[] = [];
    let members: Record<string, JsonValue> | null = null;
    let text: string | null = null;
    let own = 0;
    for (const part of parts) {
      const rider = part.kind === 'foreign' ? riderOf(part) : null;
      const last = blocks.at(-1);
      if (rider === null) {
        own += 1;
        text = plainText(part);
        const block = encodeBlock(part, writer, this.#drops);
        if (block !== null) blocks.push(block);
      } else if (rider.isOfMessage) (members ??= {})[rider.member] = rider.value;
      else if (isJsonObject(last)) {
        blocks[blocks.length - 1] = { ...last, [rider.member]: rider.value };
      }
    }
    if (blocks.length === 0) return;
    const content = own === 1 && text !== null ? text : blocks;
    const message = { type: 'message', role: this.#role, content };
    this.items.push(members === null ? message : { ...message, ...members });
  }
}
