import { isRestricted } from '@keywell/core/keys/demands';
import { configured } from '@keywell/providers/compatible/configured';
import { vendorOf } from '@keywell/providers/registry';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import type { CallerDialect } from '@keywell/wire/edit/conversation';
import type { SnapshotHead } from '../snapshot/decode-snapshot.ts';

const CHAT = 'openai-chat';

/**
 * The dialects whose codecs a snapshot's providers may need, whoever calls. One that speaks OpenAI's chat needs none: a chat call is
 * passed on unread, and callers of another dialect bring what their calls need (`NEEDED_BY_CALLER`).
 */
export function neededBySnapshot(
  head: Pick<SnapshotHead, 'providers' | 'pools'>,
): ReadonlySet<Dialect> {
  const needed = new Set<Dialect>();
  for (const provider of head.providers) {
    const vendor = vendorOf(provider.kind);
    const dialects = vendor === null ? [] : configured(vendor, provider).faces;
    for (const [place, { dialect }] of dialects.entries()) {
      // OpenAI's second dialect is spoken with those alone who call in it.
      if (dialect === CHAT || (dialect === 'openai-responses' && place > 0)) continue;
      needed.add(dialect);
    }
  }
  // What such a provider is told, or what a model that lacks something is asked for, has to be read in the caller's words.
  if (needed.size > 0 || restricts(head)) needed.add(CHAT);
  return needed;
}

const restricts = ({ pools }: Pick<SnapshotHead, 'pools'>): boolean =>
  pools.some(({ tiers }) =>
    tiers.some(({ targets }) => targets.some(({ capabilities }) => isRestricted(capabilities))),
  );

/** What a call in a dialect may need beside: its own codec, and that of the dialect which most providers are told it in. */
export const NEEDED_BY_CALLER: Readonly<Record<CallerDialect, readonly Dialect[]>> = {
  // A call in it is passed on as it is wherever the snapshot has not asked for its codec.
  'openai-chat': [],
  'openai-responses': ['openai-responses', CHAT],
  'anthropic-messages': ['anthropic-messages', CHAT],
  gemini: ['gemini', CHAT],
};
