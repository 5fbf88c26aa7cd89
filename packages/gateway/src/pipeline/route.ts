import type { Exchange } from './exchange.ts';
import type { Plane } from './plane.ts';
import type { Refusal } from './refusal.ts';
import type { Operation } from '../telemetry/metric-table.ts';

/** One step on a request: goes on with null, or answers with a refusal. A phase that answered the caller itself returns `done`. */
export type Phase = (exchange: Exchange, plane: Plane) => PhaseResult | Promise<PhaseResult>;

export type PhaseResult = Refusal | 'done' | null;

/** A path and method with the phases compiled for it. */
export interface Route {
  readonly operation: Operation;
  readonly method: string;
  /** What is told to be allowed where a method is not; absent: its own. */
  readonly allow?: string;
  readonly phases: readonly Phase[];
}
