import type { Again, freshHistory } from '@keywell/core/keys/decide';
import type { Needs } from '@keywell/core/keys/draw';
import type { PoolPlan } from '@keywell/core/keys/plan';
import type { Verdict } from '@keywell/core/keys/verdict';
import type { PoolRecord } from '@keywell/core/snapshot/snapshot';
import type { Served } from '@keywell/core/waiting/turn-queue';
import type { VirtualCall } from '@keywell/core/waiting/virtual-line';
import type { Bars } from '@keywell/gateway/relay/bars';
import type { TakenPart } from '@keywell/gateway/waiting/share-keeper';
import type { TokenCounts } from './price.ts';
import type { ReplayRequest } from './replay-request.ts';

/** Where a model's requests go. */
export interface Route {
  readonly plan: PoolPlan;
  readonly pool: PoolRecord;
  /** The pool's name in the waiting table. */
  readonly poolKey: number;
}

/** A request on its way through the virtual gateway. */
export interface Flight extends VirtualCall {
  readonly request: ReplayRequest;
  readonly counts: TokenCounts;
  readonly route: Route;
  readonly needs: Needs;
  readonly history: ReturnType<typeof freshHistory>;
  /** Domains that refused it, until when they asked to be left alone. */
  readonly refusedUntil: Map<string, number>;
  bars: Bars | null;
  step: Again | null;
  last: Verdict | null;
  /** How long it has waited so far, and since when it does, where it does. */
  waitMs: number;
  waitsSince: number;
  deadlineAt: number;
  spillAt: number | null;
  /** What a wait has cost its consumer's share. */
  served: Served | null;
  /** Its part of a window that its pool's consumers share; until when others must find what it asks for. */
  taken: TakenPart | null;
  heldUntil: number | null;
}

/** How long it may still wait. */
export const patienceOf = ({ route, waitMs }: Flight): number =>
  Math.max(0, route.pool.maxWaitMs - waitMs);
