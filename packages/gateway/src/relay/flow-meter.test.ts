import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import { planKeys, type Candidate } from '@keywell/core/keys/plan';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { CandidateFlow, FlowMeter } from './flow-meter.ts';

function candidatesOf(ids: readonly string[]): readonly Candidate[] {
  return planKeys(aSnapshot({ providers: [{ keys: ids.map((id) => ({ id })) }] })).candidates;
}

const limit = (
  dimension: LimitObservation['dimension'],
  remaining: number | null,
): LimitObservation => ({
  dimension,
  limit: 100,
  remaining,
  resetInMs: 6000,
  source: 'header',
});

function world(limits: readonly LimitObservation[], ids = ['a', 'b']) {
  const reads = { count: 0 };
  const vendor = {
    limitGroup: (model: string) => `${model}-family`,
    readLimits: () => {
      reads.count += 1;
      return limits;
    },
  };
  const flows = candidatesOf(ids).map((candidate) => new CandidateFlow(candidate, vendor));
  const meter = new FlowMeter(1000);
  const flow = flows[0];
  if (flow === undefined) throw new Error('there is no candidate');
  return { meter, flow, reads };
}

const noHeader = (): undefined => undefined;

describe('a worker', () => {
  it('tells what it sent since the last time, and the last answer about requests', () => {
    const { meter, flow } = world([
      limit('tokens_minute', 9),
      limit('requests_day', 70),
      limit('requests_minute', 42),
    ]);
    meter.sent(flow);
    meter.sent(flow);
    meter.told(flow, noHeader, 1100);
    expect(meter.take(1500)).toEqual({
      from: 1000,
      to: 1500,
      flows: [
        {
          provider: 'openai',
          key: 'a',
          group: 'gpt-5-family',
          sent: 2,
          sample: { limit: 100, remaining: 42, resetInMs: 6000, sentAt: 1100 },
        },
      ],
    });
    expect(meter.take(2000)).toBeNull();
    meter.sent(flow);
    expect(meter.take(2500)).toMatchObject({ from: 2000, flows: [{ sent: 1, sample: null }] });
  });

  it('reads limits for it twice a second at most', () => {
    const { meter, flow, reads } = world([limit('requests_minute', 42)]);
    for (let at = 1000; at < 2000; at += 10) meter.told(flow, noHeader, at);
    expect(reads.count).toBe(2);
  });

  it('watches no key that has no siblings, and makes nothing of numbers that were not told', () => {
    const alone = world([limit('requests_minute', 42)], ['a']);
    alone.meter.sent(alone.flow);
    alone.meter.told(alone.flow, noHeader, 1100);
    expect(alone.meter.take(1500)).toBeNull();
    expect(alone.reads.count).toBe(0);
    const silent = world([limit('requests_minute', null), limit('tokens_minute', 4)]);
    silent.meter.told(silent.flow, noHeader, 1100);
    expect(silent.meter.take(1500)).toBeNull();
  });
});
