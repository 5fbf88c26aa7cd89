/** Refusals on their way out, and the faults that kill a key. */
import { deliverUnderFaults } from '../../behaviour/deliver.ts';
import type { FaultSubject } from '../../behaviour/fault-board.ts';
import type { KeyOwner } from '../../provider-state.ts';
import type { Answer, Exchange } from '../dialect.ts';
import type { Refusal } from './errors.ts';
import { faultRefusal } from './fault-refusals.ts';
import { edgeHeaders } from './headers.ts';

/** A refusal as an answer; the sender's headers are added to its own. */
export const refusalAnswer = (refusal: Refusal, headers: readonly string[]): Answer => ({
  status: refusal.status,
  headers: [...refusal.headers, ...headers],
  body: refusal.body,
  events: null,
  firstByteMs: 0,
  eventIntervalMs: 0,
});

export const subjectOf = (
  owner: KeyOwner | null,
  model: string | null,
  stream: boolean,
): FaultSubject => ({
  key: owner?.alias ?? null,
  organization: owner?.organization ?? null,
  project: owner?.project ?? null,
  model,
  stream,
});

/** Answers for a fault that killed the key; true when it did. */
export function refusedCredential(
  exchange: Exchange,
  owner: KeyOwner,
  model: string | null,
): boolean {
  const { state, call } = exchange;
  const plan = state.faults.plan('credential', subjectOf(owner, model, false), state.clock.now());
  const refusal =
    plan.acting === null
      ? null
      : faultRefusal(plan.acting, { owner, model: model ?? '', prompt: '' });
  if (refusal === null || plan.acting === null) return false;
  call.fault = plan.acting.fault;
  // a refused key has no organization that the answer could name
  const answer = refusalAnswer(refusal, edgeHeaders(exchange));
  deliverUnderFaults(exchange, answer, plan.acting, []);
  return true;
}
