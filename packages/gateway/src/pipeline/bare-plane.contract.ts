/** A plane and a request of one worker, for tests of what is not worth a whole gateway. */
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { FakeClock } from '@keywell/testkit/fake-clock';
import { initKeyTable } from '@keywell/core/keys/key-table';
import { planKeys } from '@keywell/core/keys/plan';
import type { CooldownChange } from '@keywell/core/keys/status';
import { BudgetTable } from '@keywell/core/budgets/budget-table';
import { CounterTable } from '@keywell/core/limits/counter-table';
import { smallTable } from '@keywell/core/waiting/waiting-fixture.bench';
import { Budgets } from '../budgets/budgets.ts';
import { Hedging } from '../hedging/hedging.ts';
import { ClaimDesk } from '../idempotency/claim-desk.ts';
import { OwnerDesk } from '../ownership/owner-desk.ts';
import { FlowMeter } from '../relay/flow-meter.ts';
import type { Inbound } from '../seam/inbound.ts';
import { INERT_INBOUND } from '../seam/inert-inbound.contract.ts';
import { encodeSnapshot } from '../snapshot/encode-snapshot.ts';
import { openSnapshot, type LiveSnapshot } from '../snapshot/live-snapshot.ts';
import { createMetricCells, Meter } from '../telemetry/meter.ts';
import { LiveKeys } from '../upstream/credentials/live-keys.ts';
import { ShareKeeper } from '../waiting/share-keeper.ts';
import type { Waiting } from '../waiting/waiting-call.ts';
import { DeadlineSweeper } from './deadline-sweeper.ts';
import { Exchange } from './exchange.ts';
import type { Plane } from './plane.ts';

/** Keys `a` and `b`, projects of one organization. */
function openLive(): LiveSnapshot {
  const keys = [
    { id: 'a', domain: ['org', 'project-a'] },
    { id: 'b', domain: ['org', 'project-b'] },
  ];
  const snapshot = aSnapshot({ providers: [{ keys }] });
  const plan = planKeys(snapshot);
  const cells = new SharedArrayBuffer(plan.byteLength(2));
  initKeyTable(plan, cells);
  return openSnapshot(encodeSnapshot(snapshot), cells, { worker: 1, epoch: 1 });
}

const WRITER = { worker: 1, epoch: 1 };
/** Nobody waits for capacity. */
const NOBODY_WAITS: Waiting = {
  shares: new ShareKeeper(smallTable(), () => []),
  room: 0,
  hasLine: () => false,
  wait: () => Promise.resolve({ kind: 'left' }),
  correct: () => undefined,
  freed: () => undefined,
  refusedAfter: () => undefined,
};

/** What a plane told, beside the plane. */
export interface BarePlane {
  readonly plane: Plane;
  readonly live: LiveSnapshot;
  readonly cooled: readonly CooldownChange[];
}

export function barePlane(outbound: Plane['outbound']): BarePlane {
  const live = openLive();
  const clock = new FakeClock();
  const cooled: CooldownChange[] = [];
  const sweeper = new DeadlineSweeper(() => clock.now());
  const plane: Plane = {
    clock,
    random: () => 0,
    sweeper,
    outbound,
    credentials: new LiveKeys({ clock, random: () => 0, sweeper, outbound }),
    counters: new CounterTable(new SharedArrayBuffer(CounterTable.bytes(1)), WRITER),
    budgets: new Budgets(new SharedArrayBuffer(BudgetTable.bytes(0, 2)), WRITER, 2, () => 0),
    hedging: new Hedging(),
    claims: new ClaimDesk(() => undefined),
    owners: new OwnerDesk(() => undefined),
    meter: new Meter(createMetricCells(1), 0),
    log: null,
    flows: new FlowMeter(0),
    waiting: NOBODY_WAITS,
    live,
    cooled: (changes) => cooled.push(...changes),
    accountSeen: () => undefined,
  };
  return { plane, live, cooled };
}

/** A request for the model `smart`. */
export function bareExchange(live: LiveSnapshot, inbound: Partial<Inbound> = {}): Exchange {
  const exchange = new Exchange({ ...INERT_INBOUND, ...inbound }, live, {
    id: 'req_1',
    now: 0,
    wallNow: 0,
  });
  exchange.operation = 'chat.completions';
  exchange.conversation = 'openai-chat';
  exchange.model = live.models.get('smart') ?? null;
  return exchange;
}
