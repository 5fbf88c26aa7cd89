import type { Part, Signature, ToolCallPart } from '../canonical/content.ts';
import {
  missingFault,
  objectsIn,
  optionalString,
  pathOf,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import type { Turn } from '../canonical/request.ts';
import { isJsonArray, type JsonObject } from '../json/value.ts';
import { textPart } from '../canonical/content.ts';
import { decodeContent, decodeOutput } from './decode-content.ts';
import { RESPONSES } from './dialect.ts';
import { ridersOf } from './riders.ts';
import { openProof, thoughtsOf, type Proof } from './reasoning-item.ts';

const ROLES = ['user', 'assistant', 'system', 'developer'] as const;

/**
 * `instructions` and `input` as turns. Neighbouring items of the model (reasoning, a message, its calls) are one turn, so are
 * neighbouring results of tools. Ids and states of messages and calls are not kept: only a store could use them.
 */
export function decodeTurns(body: JsonObject): readonly Turn[] {
  const turns = new TurnList();
  const instructions = optionalString(body, 'instructions', '');
  if (instructions !== null) turns.message('system', [textPart(instructions)]);
  const input = body['input'] ?? null;
  if (typeof input === 'string') turns.message('user', [textPart(input)]);
  else if (isJsonArray(input)) {
    for (const { value, at } of objectsIn(body, 'input', '')) decodeItem(turns, value, at);
  } else if (input !== null) throw wrongFault('input', 'a string or an array');
  return turns.list;
}

function decodeItem(turns: TurnList, item: JsonObject, at: string): void {
  switch (typeOf(item, at)) {
    case 'message':
      turns.message(roleOf(item, at), decodeContent(item, at), ridersOf(item, 'message'));
      break;
    case 'function_call':
      turns.call(decodeCall(item, at, 'arguments'), ridersOf(item, 'function_call'));
      break;
    case 'custom_tool_call':
      turns.call(decodeCall(item, at, 'input'), ridersOf(item, 'custom_tool_call'));
      break;
    case 'function_call_output':
    case 'custom_tool_call_output':
      turns.result({
        kind: 'tool_result',
        callId: requiredString(item, 'call_id', at),
        name: optionalString(item, 'name', at),
        content: decodeOutput(item, at),
        isError: false,
        cache: null,
      });
      for (const rider of ridersOf(item, 'function_call_output')) turns.result(rider);
      break;
    case 'reasoning': {
      const encrypted = optionalString(item, 'encrypted_content', at);
      turns.thought(item, encrypted === null ? null : openProof(encrypted));
      break;
    }
    default:
      foreignItem(turns, item);
  }
}

/** Messages and references may go without a type. */
function typeOf(item: JsonObject, at: string): string {
  const type = optionalString(item, 'type', at);
  if (type !== null) return type;
  if ('role' in item) return 'message';
  if ('id' in item) return 'item_reference';
  throw missingFault(pathOf(at, 'type'));
}

function roleOf(item: JsonObject, at: string): Turn['role'] {
  const role = requiredString(item, 'role', at);
  const known = ROLES.find((name) => name === role);
  if (known !== undefined) return known;
  throw wrongFault(pathOf(at, 'role'), `one of ${ROLES.join(', ')}`);
}

function decodeCall(item: JsonObject, at: string, text: 'arguments' | 'input'): ToolCallPart {
  return {
    kind: 'tool_call',
    id: requiredString(item, 'call_id', at),
    name: requiredString(item, 'name', at),
    arguments: requiredString(item, text, at),
    custom: text === 'input',
    signature: null,
    cache: null,
  };
}

/** Items without a canonical form; what a caller answers (outputs, approvals) is the user's, all else the model's. */
function foreignItem(turns: TurnList, item: JsonObject): void {
  const name = typeof item['type'] === 'string' ? item['type'] : 'item_reference';
  const part: Part = { kind: 'foreign', origin: RESPONSES, name, value: item };
  if (name.endsWith('_output') || name.endsWith('_response')) turns.result(part);
  else turns.of('model').parts.push(part);
}

interface GrowingTurn {
  readonly role: Turn['role'];
  readonly name: null;
  readonly parts: Part[];
}

/** Turns that grow item by item. */
class TurnList {
  readonly list: GrowingTurn[] = [];
  /** Who the last turn may go on for; null where it may not. */
  #goesOn: 'model' | 'tools' | null = null;
  /** Whether the model's turn ends in a message: a second one is a turn of its own. */
  #endsInMessage = false;
  /** Where the calls of the model's turn stand in it, by their id. */
  #calls: Map<string, number> | null = null;
  #lastText: number | undefined;

  message(role: Turn['role'], parts: Part[], riders: readonly Part[] = []): void {
    for (const rider of riders) parts.push(rider);
    if (role !== 'assistant') {
      this.list.push({ role, name: null, parts });
      this.#goesOn = null;
      return;
    }
    const isSecond = this.#endsInMessage && this.#goesOn === 'model';
    const turn = isSecond || parts.length === 0 ? this.#open('model') : this.of('model');
    for (const part of parts) {
      if (part.kind === 'text') this.#lastText = turn.parts.length;
      turn.parts.push(part);
    }
    this.#endsInMessage = true;
  }

  call(part: ToolCallPart, riders: readonly Part[]): void {
    const { parts } = this.of('model');
    (this.#calls ??= new Map()).set(part.id, parts.length);
    parts.push(part, ...riders);
  }

  result(part: Part): void {
    this.of('tools').parts.push(part);
  }

  /** A reasoning item; the proof of another part goes to that part. */
  thought(item: JsonObject, proof: Proof | null): void {
    if (proof?.of === 'call') this.#sign(this.#calls?.get(proof.callId), proof.signature);
    else if (proof?.of === 'text') this.#sign(this.#lastText, proof.signature);
    else {
      const { parts } = this.of('model');
      for (const part of thoughtsOf(item, proof)) parts.push(part);
    }
  }

  #sign(index: number | undefined, signature: Signature): void {
    const parts = this.#goesOn === 'model' ? this.list.at(-1)?.parts : undefined;
    const part = index === undefined ? undefined : parts?.[index];
    if (parts === undefined || index === undefined) return;
    if (part?.kind === 'text' || part?.kind === 'tool_call') parts[index] = { ...part, signature };
  }

  /** The turn that the next item of the model, or of the tools, belongs to. */
  of(who: 'model' | 'tools'): GrowingTurn {
    this.#endsInMessage = false;
    return (this.#goesOn === who ? this.list.at(-1) : undefined) ?? this.#open(who);
  }

  #open(who: 'model' | 'tools'): GrowingTurn {
    const turn: GrowingTurn = {
      role: who === 'model' ? 'assistant' : 'user',
      name: null,
      parts: [],
    };
    this.list.push(turn);
    this.#goesOn = who;
    this.#calls = null;
    this.#lastText = undefined;
    return turn;
  }
}
