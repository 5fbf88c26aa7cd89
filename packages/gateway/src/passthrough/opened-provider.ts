import {
  compilePassthroughRules,
  type PassthroughMatcher,
} from '@keywell/core/access/passthrough-rules';
import type { ProviderRecord } from '@keywell/core/snapshot/snapshot';
import { configured } from '@keywell/providers/compatible/configured';
import { ownPaths, type OwnUse } from '@keywell/providers/compatible/own-paths';
import { vendorOf } from '@keywell/providers/registry';

/** A provider to which something may be passed through. */
export interface OpenedProvider {
  readonly id: string;
  readonly opens: PassthroughMatcher;
  /** The path of this gateway at which what a path below its base URL is for can be asked for; null where there is none. */
  readonly servedHere: (path: string) => string | null;
}

/** Null for a provider of which nothing is open. */
export function openedProvider(provider: ProviderRecord): OpenedProvider | null {
  const { id, passthrough = [], baseUrl } = provider;
  const vendor = vendorOf(provider.kind);
  if (passthrough.length === 0 || vendor === null) return null;
  const useOf = ownPaths(configured(vendor, provider), baseUrl);
  const base = new URL(baseUrl).pathname.replace(/\/+$/, '');
  return {
    id,
    opens: compilePassthroughRules(passthrough),
    servedHere: (path) => {
      const use = useOf(base + path);
      return use === null ? null : placeOf(use);
    },
  };
}

const RERANK = '/v1/rerank';

const CONVERSATIONS = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
  gemini: '/v1beta/models/{model}:generateContent',
  'bedrock-converse': '/v1/chat/completions',
} as const;

function placeOf(use: OwnUse): string {
  if ('dialect' in use) return CONVERSATIONS[use.dialect];
  if (use.operation === 'rerank') return RERANK;
  return `/v1/${use.operation.replace('.', '/')}`;
}
