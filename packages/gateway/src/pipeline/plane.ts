import type { CounterTable } from '@keywell/core/limits/counter-table';
import type { Account } from '@keywell/core/keys/account';
import type { Candidate } from '@keywell/core/keys/plan';
import type { CooldownChange } from '@keywell/core/keys/status';
import type { FlowMeter } from '../relay/flow-meter.ts';
import type { Budgets } from '../budgets/budgets.ts';
import type { Hedging } from '../hedging/hedging.ts';
import type { ClaimDesk } from '../idempotency/claim-desk.ts';
import type { OwnerDesk } from '../ownership/owner-desk.ts';
import type { Outbound } from '../seam/outbound.ts';
import type { LiveSnapshot } from '../snapshot/live-snapshot.ts';
import type { LogWriter } from '../telemetry/log-writer.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { Waiting } from '../waiting/waiting-call.ts';
import type { LiveKeys } from '../upstream/credentials/live-keys.ts';
import type { Clock } from './clock.ts';
import type { DeadlineSweeper } from './deadline-sweeper.ts';

/** What the phases of one worker act on: the ports, and the snapshot in force. */
export interface Plane {
  readonly clock: Clock;
  readonly random: () => number;
  readonly sweeper: DeadlineSweeper;
  readonly outbound: Outbound;
  readonly counters: CounterTable;
  /** What signs requests, or buys tokens for them. */
  readonly credentials: LiveKeys;
  readonly budgets: Budgets;
  readonly hedging: Hedging;
  /** Calls that carry an `Idempotency-Key`. */
  readonly claims: ClaimDesk;
  /** What consumers own at providers. */
  readonly owners: OwnerDesk;
  readonly meter: Meter;
  /** What is sent with each key and what is said to be left. */
  readonly flows: FlowMeter;
  /** Null when the request log is off. */
  readonly log: LogWriter | null;
  /** Where calls wait for capacity. */
  readonly waiting: Waiting;
  /** The snapshot in force; a request takes it once, when it starts. */
  readonly live: LiveSnapshot;
  /** Tells the control side what was cooled or restored, so that it survives a restart. */
  cooled(changes: readonly CooldownChange[], from: LiveSnapshot): void;
  /** Tells the control side that a response named another account for the candidate's key than the one before. */
  accountSeen(candidate: Candidate, account: Account): void;
}
