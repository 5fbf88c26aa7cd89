import type { Flow, FlowReport, FlowSample } from '@keywell/core/keys/flow-ledger';
import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Candidate } from '@keywell/core/keys/plan';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import type { HeaderOf } from '../seam/outbound.ts';

/** A candidate's limits are read for this at most so often. */
const SAMPLE_EVERY_MS = 500;

/** What one candidate sent and was told since the last report. */
export class CandidateFlow {
  readonly #names: Pick<Flow, 'provider' | 'key' | 'group'>;
  readonly #vendor: Pick<Vendor, 'readLimits'>;
  /** A key without siblings cannot share anything. */
  readonly #alone: boolean;
  #sent = 0;
  #sample: FlowSample | null = null;
  #sampledAt = -Infinity;
  #listed = false;

  constructor(
    { provider, key, model }: Candidate,
    vendor: Pick<Vendor, 'readLimits' | 'limitGroup'>,
  ) {
    this.#names = { provider: provider.id, key: key.id, group: vendor.limitGroup(model) };
    this.#vendor = vendor;
    this.#alone = provider.keys.length < 2;
  }

  /** True when it has to be listed for the next report. */
  send(): boolean {
    if (this.#alone) return false;
    this.#sent += 1;
    const first = !this.#listed;
    this.#listed = true;
    return first;
  }

  /** Looks at what an answer to a request of `sentAt` tells, now and then. True as for `send`. */
  told(header: HeaderOf, sentAt: number): boolean {
    if (this.#alone || sentAt - this.#sampledAt < SAMPLE_EVERY_MS) return false;
    this.#sampledAt = sentAt;
    const sample = sampleOf(this.#vendor.readLimits(header), sentAt);
    if (sample === null) return false;
    this.#sample = sample;
    const first = !this.#listed;
    this.#listed = true;
    return first;
  }

  take(): Flow {
    const flow = { ...this.#names, sent: this.#sent, sample: this.#sample };
    this.#sent = 0;
    this.#sample = null;
    this.#listed = false;
    return flow;
  }
}

/** Collects the flows of one worker. Costs an addition a request and a look at the clock an answer. */
export class FlowMeter {
  #listed: CandidateFlow[] = [];
  #since: number;

  constructor(now: number) {
    this.#since = now;
  }

  sent(flow: CandidateFlow): void {
    if (flow.send()) this.#listed.push(flow);
  }

  told(flow: CandidateFlow, header: HeaderOf, sentAt: number): void {
    if (flow.told(header, sentAt)) this.#listed.push(flow);
  }

  /** Everything since the last report; null where nothing happened. */
  take(now: number): FlowReport | null {
    const from = this.#since;
    this.#since = now;
    if (this.#listed.length === 0) return null;
    const flows = this.#listed.map((flow) => flow.take());
    this.#listed = [];
    return { from, to: now, flows };
  }
}

/** The limit on requests with the shortest window: each request costs exactly one of it, whatever it holds. */
function sampleOf(limits: readonly LimitObservation[], sentAt: number): FlowSample | null {
  const counted = limits.filter(
    ({ dimension, limit, remaining }) =>
      dimension.startsWith('requests_') && limit !== null && remaining !== null,
  );
  const chosen = counted.find(({ dimension }) => dimension === 'requests_minute') ?? counted[0];
  if (chosen === undefined) return null;
  const { limit, remaining, resetInMs } = chosen;
  return { limit: limit ?? 0, remaining: remaining ?? 0, resetInMs, sentAt };
}
