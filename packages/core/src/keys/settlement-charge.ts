import { chargedAsNeeded, type Need } from './need.ts';
import { QUANTITY } from './quantity.ts';
import { UNJUDGED, type Verdict, type VerdictClass } from './verdict.ts';

/** Refusals with which a provider did no work: the request itself may count, tokens do not. */
const NO_WORK: ReadonlySet<VerdictClass> = new Set([
  'funds_exhausted',
  'window_exhausted_long',
  'window_exhausted_short',
  'too_large_for_limit',
  'concurrency',
  'slow_down',
  'credential_expired',
  'credential_dead',
  'clock_fault',
  'region_blocked',
  'model_forbidden',
  'provider_overloaded',
  'caller_fault',
]);

/**
 * What an attempt was charged of which no usage is known: a refused one its request, every other its whole need. What broke off or was
 * left by its caller may have been charged in full, so that is assumed.
 */
export function chargedFor(need: Need, verdict: Verdict): readonly number[] {
  const whole = chargedAsNeeded(need);
  if (verdict === UNJUDGED || !NO_WORK.has(verdict.class)) return whole;
  return whole.map((amount, of) => (of === QUANTITY.requests ? amount : 0));
}
