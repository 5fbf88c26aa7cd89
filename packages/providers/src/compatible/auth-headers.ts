import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';

/** Bearer authentication with OpenAI's organization and project headers, names and values in turn; nothing for a host without keys. */
export function bearerHeaders(key: UpstreamKeyRecord): string[] {
  const headers: string[] = [];
  if (key.value !== null) headers.push('authorization', `Bearer ${key.value.reveal()}`);
  if (key.organization !== null) headers.push('openai-organization', key.organization);
  if (key.project !== null) headers.push('openai-project', key.project);
  return headers;
}
