import type { Verdict } from '@keywell/core/keys/verdict';
import type { HeaderOf } from '../../seam/outbound.ts';
import type { LiveCredentials } from './key-credentials.ts';

/** How soon a key is asked again whose token was refused. */
const NEW_TOKEN_MS = 1000;

/**
 * What a refusal says of a key that has a word about each of its requests. A token that was refused is forgotten: what buys the next one
 * may be as good as ever. A signature that was refused for its time is made again by the provider's clock.
 */
export function ofCredential(
  verdict: Verdict,
  credentials: LiveCredentials | null,
  { startedAt, header }: { readonly startedAt: number; readonly header: HeaderOf },
): Verdict {
  const { class: of } = verdict;
  if (of === 'clock_fault') {
    const corrected = credentials?.correctClock(startedAt, header('date')) === true;
    return corrected ? { ...verdict, corrected } : verdict;
  }
  if (of !== 'credential_dead' && of !== 'credential_expired') return verdict;
  if (credentials?.refused() !== true) return verdict;
  return { ...verdict, class: 'credential_expired', endsInMs: NEW_TOKEN_MS };
}
