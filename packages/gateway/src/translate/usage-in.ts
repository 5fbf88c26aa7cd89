import * as messages from '@keywell/wire/anthropic-messages/usage-shape';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import type { CanonicalUsage } from '@keywell/wire/canonical/response';
import * as gemini from '@keywell/wire/gemini/usage-shape';
import type { JsonObject } from '@keywell/wire/json/value';
import * as responses from '@keywell/wire/openai-responses/usage-shape';

/** What the usage member of a whole answer says, by its dialect; null where it says nothing that can be counted. */
export function usageIn(usage: JsonObject, dialect: Dialect): CanonicalUsage | null {
  if (dialect === 'anthropic-messages') return messages.readUsage(usage);
  if (dialect === 'gemini') return gemini.decodeUsage(usage);
  return responses.decodeUsage(usage);
}
