import type { LimitFacts } from '@keywell/core/forecast/limit-sample';
import type { RequestRecord } from '@keywell/core/log/request-record';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { HappenedTally } from './happened-tally.ts';
import { pricesOf } from './price.ts';
import { happenedTo, UsualAnswers } from './replay-request.ts';
import type { Tally } from './tally.ts';
import { VirtualGateway } from './virtual-gateway.ts';
import type { LimitSources } from './virtual-limits.ts';

export interface ReplayInput {
  /** What is tried. */
  readonly snapshot: Snapshot;
  /** Limits that the log's own run was told. */
  readonly known: readonly LimitFacts[];
  /** Oldest first. */
  readonly records: AsyncIterable<RequestRecord>;
  /** Wall clock, epoch milliseconds. */
  readonly from: number;
  /** Uniform in [0, 1), the same for the same seed. */
  readonly random: () => number;
  /** Told now and then: how many were replayed, and how far. */
  readonly onProgress: (replayed: number, at: number) => void;
}

export interface ReplayResult {
  readonly replayed: number;
  /** Records without a model, and faults of the callers' own: in neither column. */
  readonly leftOut: number;
  /** Replayed with sizes or durations that are a guess. */
  readonly guessed: number;
  readonly happened: Tally;
  readonly virtual: Tally;
  readonly limits: LimitSources;
}

const PROGRESS_EVERY = 1000;

/** Sends logged requests through the virtual gateway and adds up both sides. Memory is bounded by what is under way at once. */
export async function runReplay(input: ReplayInput): Promise<ReplayResult> {
  const gateway = new VirtualGateway(input.snapshot, {
    known: input.known,
    startsAt: input.from,
    random: input.random,
  });
  const happened = new HappenedTally(pricesOf(input.snapshot));
  const usual = new UsualAnswers();
  let replayed = 0;
  let leftOut = 0;
  let guessed = 0;
  for await (const record of input.records) {
    const outcome = happenedTo(record);
    if (outcome === null) {
      leftOut += 1;
      continue;
    }
    const request = usual.toRequest(record);
    if (request.guessed) guessed += 1;
    happened.note(record, outcome);
    gateway.runUntil(request.at);
    gateway.arrive(request);
    replayed += 1;
    if (replayed % PROGRESS_EVERY === 0) input.onProgress(replayed, request.at);
  }
  happened.runUntil(Infinity);
  gateway.runUntil(Infinity);
  const { tally: virtual, limits } = gateway;
  const { sources } = limits;
  return { replayed, leftOut, guessed, happened: happened.tally, virtual, limits: sources };
}
