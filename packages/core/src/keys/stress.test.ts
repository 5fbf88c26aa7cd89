import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CounterTable } from '../limits/counter-table.ts';
import { holderOf } from '../limits/record-lock.ts';
import { readCell, slotCell } from './cooldown-cells.ts';
import { classIn, classOf } from './cooldown-codes.ts';
import { inFlightOf, initKeyTable, openKeyTable, type KeyTable } from './key-table.ts';
import { describeLimits } from './describe-limits.ts';
import { leaseCell, leaseHead } from './lease-cells.ts';
import { nodeCell } from './limit-cells.ts';
import type { KeyEntry, ScopePlan } from './plan.ts';
import { QUANTITIES } from './quantity.ts';
import { recoverWorker } from './recover.ts';
import { currentSendSequence } from './send-sequence.ts';
import {
  CONSUMER_CLOCK,
  MOST_DELAY_MS,
  SIGNAL,
  STORM_LIMIT,
  type StressBirth,
} from './stress.bench.ts';
import { seededRandom, stressPlan } from './table-fixture.bench.ts';
import { heldRecords, lockRecord, unlockRecord } from './table-journal.ts';
import { BLOCK, KEY_CELL, LEASE, LEASE_HEAD, NODE_CELL, SLOT } from './table-layout.ts';

const WORKERS = 3;
const TERMINATIONS = 45;
const MOST_ADMISSIONS = 100_000;
const LEAST_LOOKS = 100;
/** The storm after the last termination, at the longest. */
const MOST_STORM_MS = 30_000;
/** Terminations of a worker that was never in the middle of anything: this many times as many at the most. */
const MORE_ROUNDS = 4;

function sharedState() {
  const plan = stressPlan();
  const keyCells = new SharedArrayBuffer(plan.byteLength(WORKERS + 1));
  initKeyTable(plan, keyCells);
  return {
    plan,
    keyCells,
    table: openKeyTable(plan, keyCells, { worker: 0, epoch: 1 }),
    counterCells: new SharedArrayBuffer(CounterTable.bytes(2)),
    admissions: new SharedArrayBuffer(MOST_ADMISSIONS * Float64Array.BYTES_PER_ELEMENT),
    signals: new SharedArrayBuffer(SIGNAL.cells * Int32Array.BYTES_PER_ELEMENT),
  };
}

async function start(
  state: ReturnType<typeof sharedState>,
  birth: Pick<StressBirth, 'mode' | 'worker' | 'epoch'>,
): Promise<Worker> {
  const { keyCells, counterCells, admissions, signals } = state;
  const workerData: StressBirth = { ...birth, keyCells, counterCells, admissions, signals };
  const worker = new Worker(new URL('./stress.bench.ts', import.meta.url), {
    workerData,
    execArgv: [],
  });
  await once(worker, 'message');
  return worker;
}

/** Terminates a worker and its successors at random moments, putting the tables in order after each. */
async function reap(
  state: ReturnType<typeof sharedState>,
  worker: number,
  rounds: number,
): Promise<{ readonly last: Worker; readonly interrupted: number }> {
  const random = seededRandom(worker);
  let current = await start(state, { mode: 'storm', worker, epoch: 1 });
  let interrupted = 0;
  const most = rounds * MORE_ROUNDS;
  for (let round = 1; round <= rounds || (interrupted === 0 && round <= most); round += 1) {
    await delay(5 + random() * 40);
    await current.terminate();
    const report = recoverWorker(state.plan, state.keyCells, worker);
    CounterTable.recover(state.counterCells, worker);
    if (report.cellsRestored + report.locksReleased > 0) interrupted += 1;
    current = await start(state, { mode: 'storm', worker, epoch: round + 1 });
  }
  return { last: current, interrupted };
}

/** Lets the storm go on until it has got far enough to prove something: on a starved machine that takes longer. */
async function untilFar(isFar: () => boolean): Promise<void> {
  const giveUp = performance.now() + MOST_STORM_MS;
  while (!isFar() && performance.now() < giveUp) await delay(10);
}

/** What must hold of a key whenever its record is locked: every attempt has ended somehow, is in flight, or died with its worker. */
function brokenIn(table: KeyTable, entry: KeyEntry): readonly string[] {
  const count = (cell: number): number =>
    readCell(table, table.layout.keys + entry.index * KEY_CELL.cells + cell);
  const ended = count(KEY_CELL.successes) + count(KEY_CELL.failures);
  const abandoned = readCell(
    table,
    table.layout.keys + entry.index * KEY_CELL.cells + KEY_CELL.abandoned,
  );
  const inFlight = inFlightOf(table, entry.index);
  const broken: string[] = [];
  if (count(KEY_CELL.attempts) !== ended + abandoned + inFlight) {
    broken.push(
      `${entry.domain}: ${count(KEY_CELL.attempts)} ≠ ${ended} + ${abandoned} + ${inFlight}`,
    );
  }
  for (const index of entry.scopes) {
    const scope = table.plan.scopes[index];
    if (scope !== undefined && scope.record === entry.nodes.at(-1))
      broken.push(...tornIn(table, scope));
  }
  broken.push(...unequalIn(table, entry));
  return broken;
}

/** Σ reserved = Σ open: what a limit group at the key's node holds is what the leases of all workers hold of it. */
function unequalIn(table: KeyTable, entry: KeyEntry): readonly string[] {
  const block = table.plan.candidates
    .find(({ keyIndex }) => keyIndex === entry.index)
    ?.blocks.at(-1);
  if (block === undefined) return [];
  const held = heldOf(table, block);
  return held.flatMap((amount, of) => {
    const reserved = readCell(table, block + BLOCK.open + of);
    return reserved === amount ? [] : [`${entry.domain}: ${reserved} reserved, ${amount} held`];
  });
}

function heldOf(table: KeyTable, block: number): readonly number[] {
  const held = Array.from({ length: QUANTITIES }, () => 0);
  for (let worker = 0; worker <= WORKERS; worker += 1) {
    const head = leaseHead(table, worker);
    const top = readCell(table, head + LEASE_HEAD.top);
    for (let lease = 0; lease < top; lease += 1) {
      const cell = leaseCell(table, head, lease);
      const index = Math.abs(readCell(table, cell + LEASE.candidate)) - 1;
      if (table.plan.candidates[index]?.blocks.at(-1) !== block) continue;
      for (let of = 0; of < QUANTITIES; of += 1)
        held[of] = (held[of] ?? 0) + readCell(table, cell + LEASE.late + of);
    }
  }
  return held;
}

function tornIn(table: KeyTable, scope: ScopePlan): readonly string[] {
  const torn: string[] = [];
  const latest = readCell(table, table.layout.scopeEnds + scope.index);
  for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
    const cell = (of: number): number => readCell(table, slotCell(table, slot) + of);
    if (cell(SLOT.endsAt) === 0) continue;
    const whole =
      cell(SLOT.endsAt) <= latest &&
      cell(SLOT.endsAt) > cell(SLOT.setAt) &&
      cell(SLOT.setSeq) > 0 &&
      cell(SLOT.setSeq) <= currentSendSequence(table.ints) &&
      classOf(classIn(cell(SLOT.what))) !== 'success';
    if (!whole) torn.push(`${scope.id} slot ${slot}`);
  }
  return torn;
}

function brokenNow(table: KeyTable): {
  readonly broken: readonly string[];
  readonly looked: number;
} {
  const broken: string[] = [];
  let looked = 0;
  for (const entry of table.plan.keys) {
    const record = entry.nodes.at(-1) ?? 0;
    if (!lockRecord(table, record)) continue;
    broken.push(...brokenIn(table, entry));
    unlockRecord(table, record);
    looked += 1;
  }
  return { broken, looked };
}

/** Most admissions in any window of this many milliseconds of the consumers' clock. */
function mostWithin(admissions: readonly number[], spanMs: number): number {
  let most = 0;
  let first = 0;
  for (const [last, instant] of admissions.entries()) {
    while ((admissions[first] ?? 0) <= instant - spanMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

describe('tables shared by workers', () => {
  it(`stay whole while workers are terminated ${TERMINATIONS} times in the middle of anything`, async () => {
    const state = sharedState();
    const signals = new Int32Array(state.signals);
    const broken: string[] = [];
    let looked = 0;
    const watch = setInterval(() => {
      const seen = brokenNow(state.table);
      broken.push(...seen.broken);
      looked += seen.looked;
    }, 3);
    const rounds = TERMINATIONS / WORKERS;
    const reaped = await Promise.all([1, 2, 3].map((worker) => reap(state, worker, rounds)));
    const admittedNow = (): number => Atomics.load(signals, SIGNAL.admitted);
    await untilFar(() => looked > LEAST_LOOKS && admittedNow() > STORM_LIMIT);
    const exits = reaped.map(({ last }) => once(last, 'exit'));
    Atomics.store(signals, SIGNAL.stop, 1);
    await Promise.all(exits);
    clearInterval(watch);

    expect(broken).toEqual([]);
    expect(looked).toBeGreaterThan(LEAST_LOOKS);
    expect(brokenNow(state.table)).toEqual({ broken: [], looked: state.plan.keys.length });
    expect(heldRecords(state.table)).toEqual([]);
    expect(holderOf(new Int32Array(state.counterCells)[0] ?? 0)).toBeNull();
    expect(state.plan.keys.map(({ index }) => inFlightOf(state.table, index))).toEqual([
      0, 0, 0, 0, 0,
    ]);
    const blocks = [...new Set(state.plan.candidates.flatMap((each) => [...each.blocks]))];
    const reserved = blocks.map((block) =>
      Array.from({ length: QUANTITIES }, (_, of) => readCell(state.table, block + BLOCK.open + of)),
    );
    expect(reserved).toEqual(blocks.map(() => [0, 0, 0, 0, 0, 0]));
    const inFlight = state.plan.nodes.map(({ index }) =>
      readCell(state.table, nodeCell(state.table, index, NODE_CELL.inFlight)),
    );
    expect(inFlight).toEqual(state.plan.nodes.map(() => 0));
    expect(describeLimits(state.table, 0).length).toBeGreaterThan(0);
    expect(reaped.reduce((sum, { interrupted }) => sum + interrupted, 0)).toBeGreaterThan(0);

    const admitted = admittedNow();
    expect(admitted).toBeGreaterThan(STORM_LIMIT);
    expect(admitted).toBeLessThan(MOST_ADMISSIONS);
    // Admissions lie up to MOST_DELAY_MS behind their clock readings, at both ends of a window.
    const instants = [...new Float64Array(state.admissions).subarray(0, admitted)].filter(
      (instant) => instant > 0,
    );
    expect(
      mostWithin(
        instants.toSorted((left, right) => left - right),
        60_000 - 2 * MOST_DELAY_MS * CONSUMER_CLOCK,
      ),
    ).toBeLessThanOrEqual(STORM_LIMIT);
  }, 120_000);

  it('admit exactly 100 of 1,000 requests that two workers make at a limit of 100', async () => {
    const state = sharedState();
    const signals = new Int32Array(state.signals);
    const workers = await Promise.all(
      [1, 2].map((worker) => start(state, { mode: 'exact', worker, epoch: 1 })),
    );
    const exits = workers.map((worker) => once(worker, 'exit'));
    Atomics.store(signals, SIGNAL.go, 1);
    Atomics.notify(signals, SIGNAL.go);
    await Promise.all(exits);
    expect(Atomics.load(signals, SIGNAL.admitted)).toBe(100);
  }, 30_000);
});
