import { createTried } from '@keywell/core/keys/choose';
import type { Tried } from '@keywell/core/keys/draw';
import type { Candidate, PoolPlan } from '@keywell/core/keys/plan';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { Attempt } from '../relay/attempt.ts';
import { BROKEN_OFF, breakOff } from '../relay/break-off.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { holdsChats, type Continuation } from './continuation.ts';

/** What the dispatcher does for a continuation. */
export interface ContinueMoves<Pick extends { readonly candidate: Candidate }> {
  readonly pick: (tried: Tried) => Pick | null;
  readonly start: (pick: Pick) => Attempt;
  /** Takes one retry out of the pool's budget. */
  readonly takeRetry: () => boolean;
}

const END = { whole: 0, broken: 1 } as const;

/**
 * Goes on with a stream that broke off at `from`: at another key of the same model, else at the same one. The caller's stream has one
 * end: the continuation's, or an honest error where none is to be had.
 */
export async function continueStream<Pick extends { readonly candidate: Candidate }>(
  exchange: Exchange,
  plane: Plane,
  of: { readonly model: LiveModel; readonly continuation: Continuation; readonly from: Candidate },
  moves: ContinueMoves<Pick>,
): Promise<void> {
  const { continuation, from } = of;
  const failed = new Set<number>([from.index]);
  while (moves.takeRetry() && continuation.begin()) {
    const pick =
      moves.pick(barsFor(of.model.plan, from, failed)) ??
      moves.pick(barsFor(of.model.plan, from, new Set()));
    if (pick === null) break;
    note(exchange, plane, pick.candidate);
    const result = await moves.start(pick).run();
    failed.add(pick.candidate.index);
    if (result.kind === 'answered' || result.kind === 'left') {
      continuation.sumUp();
      const whole = result.kind === 'answered' && result.well;
      plane.meter.add('continuations', 1, whole ? END.whole : END.broken);
      return;
    }
  }
  continuation.sumUp();
  plane.meter.add('continuations', 1, END.broken);
  breakOff(exchange, 'upstream_error', BROKEN_OFF);
}

/** Everything but the same model at hosts that can go on from what was written, without those that failed. */
function barsFor(plan: PoolPlan, from: Candidate, failed: ReadonlySet<number>): Tried {
  const tried = createTried();
  for (const { candidates } of plan.tiers) {
    for (const candidate of candidates) {
      const able =
        candidate.model === from.model &&
        candidate.provider.prefill !== undefined &&
        holdsChats(candidate);
      if (!able || failed.has(candidate.index)) tried.candidates.add(candidate.index);
    }
  }
  return tried;
}

function note(exchange: Exchange, plane: Plane, { provider, key }: Candidate): void {
  exchange.timeline.push({
    at: exchange.offset(plane.clock.now()),
    kind: 'note',
    what: 'continuation',
    detail: `the stream broke off and goes on at ${provider.id}/${key.id}`,
  });
}
