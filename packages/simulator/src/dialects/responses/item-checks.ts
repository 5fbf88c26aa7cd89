/** What OpenAI finds wrong with the items of a response's input: parts, calls and their outputs, reasoning that is not its own. */
import type { Refusal } from '../../faces/refusal.ts';
import type { KeyOwner } from '../../provider-state.ts';
import type { Kept } from '../../stored/kept.ts';
import { unseal } from '../conversation/signatures.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { badRequest } from '../openai/request-errors.ts';
import { invalidType, missing, shown } from '../openai/value-checks.ts';

/** What an organization has of earlier responses. */
export interface KnownItems {
  /** Whether reasoning was sealed for it. */
  readonly opens: (sealed: string) => boolean;
  readonly has: (id: string) => boolean;
  /** A reference as the item it names; anything else as it is. */
  readonly resolve: (item: unknown) => unknown;
}

export function knownTo(owner: KeyOwner, { items }: Kept): KnownItems {
  const { organization } = owner;
  const found = (id: string): unknown => items.get(organization, id);
  return {
    opens: (sealed) => unseal(organization, sealed) !== null,
    has: (id) => found(id) !== null,
    resolve: (item) =>
      isObject(item) && typeof item['id'] === 'string' && item['type'] === 'item_reference'
        ? (found(item['id']) ?? item)
        : item,
  };
}

const USER_PARTS =
  "'input_text', 'input_image', 'output_text', 'refusal', 'input_file', 'computer_screenshot', and 'summary_text'";
const TAKEN = new Set(['input_text', 'input_image', 'input_file', 'input_audio']);
const SAID = new Set(['output_text', 'refusal']);

function wrongPart(part: unknown, assistant: boolean, param: string): Refusal | null {
  if (!isObject(part)) return invalidType(param, 'an object', part);
  const { type } = part;
  if (type === undefined) return missing(`${param}.type`);
  if (typeof type === 'string' && (assistant ? SAID : TAKEN).has(type)) return null;
  const supported = assistant ? "'output_text' and 'refusal'" : USER_PARTS;
  const message = `Invalid value: '${shown(type)}'. Supported values are: ${supported}.`;
  return badRequest(message, param, 'invalid_value');
}

const ROLES = new Set(['assistant', 'system', 'developer', 'user']);

function wrongMessage({ role, content }: JsonObject, param: string): Refusal | null {
  if (role === undefined) return missing(`${param}.role`);
  if (typeof role !== 'string' || !ROLES.has(role)) {
    const message = `Invalid value: '${shown(role)}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`;
    return badRequest(message, `${param}.role`, 'invalid_value');
  }
  if (typeof content === 'string') return null;
  if (!Array.isArray(content)) return missing(`${param}.content`);
  for (const [at, part] of content.entries()) {
    const refusal = wrongPart(part, role === 'assistant', `${param}.content[${at}]`);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** The beginning and the end, as OpenAI shows what it cannot open. */
const shortened = (sealed: string): string => `${sealed.slice(0, 4)}...${sealed.slice(-4)}`;

function wrongReasoning(item: JsonObject, param: string, known: KnownItems): Refusal | null {
  const { id, encrypted_content: sealed, summary } = item;
  if (!Array.isArray(summary)) return missing(`${param}.summary`);
  if (typeof sealed === 'string') {
    return known.opens(sealed)
      ? null
      : badRequest(
          `The encrypted content ${shortened(sealed)} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
          null,
          'invalid_encrypted_content',
        );
  }
  return typeof id === 'string' && known.has(id) ? null : notKept(id);
}

const notKept = (id: unknown): Refusal => ({
  ...badRequest(
    `Item with id '${shown(id)}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
    'input',
  ),
  status: 404,
});

const CHECKS: Readonly<
  Record<string, (item: JsonObject, param: string, known: KnownItems) => Refusal | null>
> = {
  message: wrongMessage,
  function_call: ({ call_id: id, name, arguments: given }, param) => {
    if (typeof id !== 'string') return missing(`${param}.call_id`);
    if (typeof name !== 'string') return missing(`${param}.name`);
    return typeof given === 'string' ? null : invalidType(`${param}.arguments`, 'a string', given);
  },
  function_call_output: ({ call_id: id, output }, param) => {
    if (typeof id !== 'string') return missing(`${param}.call_id`);
    return output === undefined ? missing(`${param}.output`) : null;
  },
  reasoning: wrongReasoning,
  item_reference: ({ id }, _, known) =>
    typeof id === 'string' && known.has(id) ? null : notKept(id),
};

export const typeOf = (item: JsonObject): string =>
  typeof item['type'] === 'string' ? item['type'] : 'message';

/** Every call has its output and every output its call, and reasoning is followed by what it led to. */
function wrongOrder(items: readonly unknown[]): Refusal | null {
  const known = items.filter(isObject);
  const idsOf = (type: string): Set<string> => {
    const own = known.filter((item) => typeOf(item) === type);
    return new Set(own.map((item) => String(item['call_id'])));
  };
  const calls = idsOf('function_call');
  const outputs = idsOf('function_call_output');
  const stray = [...outputs].find((id) => !calls.has(id));
  if (stray !== undefined) {
    const message = `No tool call found for function call output with call_id ${shown(stray)}.`;
    return badRequest(message, 'input');
  }
  const open = [...calls].find((id) => !outputs.has(id));
  if (open !== undefined) {
    return badRequest(`No tool output found for function call ${shown(open)}.`, 'input');
  }
  const alone = known.find((item, at) => {
    if (typeOf(item) !== 'reasoning') return false;
    const next = known[at + 1];
    return next === undefined || (typeOf(next) === 'message' && next['role'] !== 'assistant');
  });
  return alone === undefined
    ? null
    : badRequest(
        `Item '${shown(alone['id'])}' of type 'reasoning' was provided without its required following item.`,
        'input',
      );
}

export function wrongItems(
  own: readonly unknown[],
  before: readonly unknown[],
  known: KnownItems,
): Refusal | null {
  for (const [at, item] of own.entries()) {
    const param = `input[${at}]`;
    if (!isObject(item)) return invalidType(param, 'an input item', item);
    const type = typeOf(item);
    const check = Object.hasOwn(CHECKS, type) ? CHECKS[type] : undefined;
    const refusal = check?.(item, param, known) ?? null;
    if (refusal !== null) return refusal;
  }
  return wrongOrder([...before, ...own.map((item) => known.resolve(item))]);
}
