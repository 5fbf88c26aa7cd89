import type { AskedKind, OwnedObject } from '@keywell/core/ownership/owned-object';
import type { Operation } from '@keywell/providers/compatible/operations';
import type { OutboundRequest } from '../seam/outbound.ts';
import type { TargetEndpoint, UpstreamTarget } from '../relay/upstream-target.ts';

/** What is asked of a provider about something that it keeps. */
export interface ObjectCall {
  readonly kind: 'object';
  readonly operation: Operation;
  readonly method: OutboundRequest['method'];
  /** What follows the operation's own path: `/file-1/content`. */
  readonly suffix: string;
  /** Without its question mark; only parameters that belong to the operation. */
  readonly query: string;
  /** Whether it does no harm when it is carried out twice. */
  readonly repeatable: boolean;
  /** What it is about. */
  readonly about: AskedKind;
  /** What is known of that; null while it is being made. */
  readonly object: OwnedObject | null;
  /** Of a new batch, the model that its file is for, as the provider names it; absent where it is not known. */
  readonly upstreamModel?: string;
  /** What a good answer means: it is there as the answer says, it is gone, or nothing. */
  readonly effect: 'seen' | 'gone' | 'none';
  /** What is sent to a target of that model; null for a call without a body. */
  readonly bodyFor: (model: string) => Uint8Array | null;
}

/** Where the call goes, with all its headers: always a list of its own, because heads are remembered by it and paths have ids in them. */
export function askedEndpoint(
  { operation, suffix, query, method }: ObjectCall,
  target: UpstreamTarget,
  contentType: string | null,
): TargetEndpoint {
  const { path, headers } = target.operations[operation];
  const type = method === 'POST' ? ['content-type', contentType ?? 'application/json'] : [];
  return {
    path: withQuery(withSuffix(path, suffix), query),
    headers: [...headers, ...type, ...target.headers],
  };
}

function withSuffix(path: string, suffix: string): string {
  const question = path.indexOf('?');
  if (question < 0) return path + suffix;
  return path.slice(0, question) + suffix + path.slice(question);
}

function withQuery(path: string, query: string): string {
  if (query === '') return path;
  return `${path}${path.includes('?') ? '&' : '?'}${query}`;
}

/** Nothing is sent with the question. */
export const noBody = (): null => null;
