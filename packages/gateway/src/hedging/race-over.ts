import type { Candidate } from '@keywell/core/keys/plan';
import type { HedgeRecord } from '@keywell/core/snapshot/snapshot';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { Attempt } from '../relay/attempt.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { noteDoubleCharge } from './double-charge.ts';
import { HedgedAttempt, type RaceEnd } from './hedged-attempt.ts';
import { isShort, type PoolHedging } from './hedging.ts';

/** What the dispatcher does for a race: chooses and reserves, makes attempts, and remembers who serves. */
export interface RaceMoves<Pick extends { readonly candidate: Candidate }> {
  readonly first: Pick;
  readonly second: () => Pick | null;
  readonly start: (pick: Pick, isSecond: boolean, onContent: () => void) => Attempt;
  readonly won: (pick: Pick) => void;
}

/** `keywell_hedges_total`'s winners, in the order in which the metric numbers them. */
const WINNER = { first: 0, second: 1, neither: 2 } as const;

/**
 * One attempt, and a second one at another domain when the first token is later than nineteen of twenty are at this target, if the pool
 * can spare its tokens and nothing of the pool is cooled.
 */
export async function raceOver<Pick extends { readonly candidate: Candidate }>(
  exchange: Exchange,
  plane: Plane,
  of: { readonly model: LiveModel; readonly hedging: PoolHedging },
  moves: RaceMoves<Pick>,
): Promise<RaceEnd<Pick>> {
  const { model, hedging } = of;
  const { hedge } = model.pool;
  const { first } = moves;
  const startedAt = new Map<Pick, number>();
  let isWon = false;
  const race = new HedgedAttempt<Pick>({
    delayMs: hedge === null ? null : hedging.delayMs(first.candidate, hedge),
    start: (pick, onContent) => {
      startedAt.set(pick, plane.clock.now());
      const attempt = moves.start(pick, pick !== first, onContent);
      // What an attempt's start says of itself stands until the other one wins.
      exchange.running = race;
      return attempt;
    },
    second: () => secondFor(exchange, plane, model, { hedge, hedging, moves }),
    won: (pick) => {
      isWon = true;
      learn(pick);
      moves.won(pick);
    },
  });
  const learn = (winner: Pick): void => {
    const now = plane.clock.now();
    // The loser would have taken longer still; to leave it out would make every tail look short.
    for (const [pick, at] of startedAt) hedging.learn(pick.candidate, now - at);
    if (startedAt.size > 1) {
      plane.meter.add('hedges', 1, winner === first ? WINNER.first : WINNER.second);
    }
  };
  const end = await race.run(first);
  exchange.running = null;
  // Who had begun to answer has won, whether the caller stays to the end or not.
  if (end.hedged && !isWon) plane.meter.add('hedges', 1, WINNER.neither);
  if (exchange.usage !== null) hedging.count(exchange.usage, plane.clock.now());
  return end;
}

/** Reserved, noted and paid for out of the pool's share; null where there is to be none. */
function secondFor<Pick extends { readonly candidate: Candidate }>(
  exchange: Exchange,
  plane: Plane,
  model: LiveModel,
  how: {
    readonly hedge: HedgeRecord | null;
    readonly hedging: PoolHedging;
    readonly moves: RaceMoves<Pick>;
  },
): Pick | null {
  const { hedge, hedging, moves } = how;
  const now = plane.clock.now();
  if (hedge === null || isShort(exchange.live.table, model.plan, now)) return null;
  if (!hedging.afford(hedge, now)) return null;
  const second = moves.second();
  if (second !== null) {
    exchange.timeline.push({
      at: exchange.offset(now),
      kind: 'note',
      what: 'hedge',
      detail: 'the first token is late; a second attempt goes to another domain',
    });
    noteDoubleCharge(exchange, plane, 'two attempts of one request are under way');
  }
  return second;
}
