import type { CounterTable } from '@keywell/core/limits/counter-table';
import type { CooldownChange } from '@keywell/core/keys/status';
import type { Outbound } from '../seam/outbound.ts';
import type { LiveSnapshot } from '../snapshot/live-snapshot.ts';
import type { LogWriter } from '../telemetry/log-writer.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { Waiting } from '../waiting/waiting-call.ts';
import type { Clock } from './clock.ts';
import type { DeadlineSweeper } from './deadline-sweeper.ts';

/** What the phases of one worker act on: the ports, and the snapshot in force. */
export interface Plane {
  readonly clock: Clock;
  readonly random: () => number;
  readonly sweeper: DeadlineSweeper;
  readonly outbound: Outbound;
  readonly counters: CounterTable;
  readonly meter: Meter;
  /** Null when the request log is off. */
  readonly log: LogWriter | null;
  /** Where calls wait for capacity. */
  readonly waiting: Waiting;
  /** The snapshot in force; a request takes it once, when it starts. */
  readonly live: LiveSnapshot;
  /** Tells the control side what was cooled or restored, so that it survives a restart. */
  cooled(changes: readonly CooldownChange[], from: LiveSnapshot): void;
}
