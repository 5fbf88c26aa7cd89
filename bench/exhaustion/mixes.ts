// The mixes: what load, which limits, what goes wrong. Parameters are drawn within 30 % from the seed; the load that a mix is named
// after is not, it is a multiple of what the drawn limits allow.
import {
  capacityFor,
  Draw,
  drawSize,
  drawTimes,
  ENVELOPE_BYTES,
  MOST_PATIENCE,
  MOST_UP_MS,
  type Arrivals,
  type Shape,
  type Sized,
} from './draw.ts';
import type { LimitRule } from './limiter.ts';
import type { Denied } from './oracle.ts';
import type { Face, KeySpec, OutsideCall, RequestSpec, Scenario, Trouble } from './scenario.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Sizes are drawn in advance to know what a pool allows. */
const SAMPLE = 4000;

/** Which of the numbers a mix has to reach. */
export type Bar = 'plain' | 'disturbed' | 'silent' | 'silent_slow';

export interface Mix {
  readonly name: string;
  readonly bar: Bar;
  /** Whether weights of tenants are held against what they got. */
  readonly weighted: boolean;
  /** What an oracle beside is denied. */
  readonly denied: Denied | null;
  readonly draw: (seed: number) => Scenario;
}

interface Plan {
  readonly load: number;
  readonly minutes: number;
  readonly keys: readonly KeySpec[];
  readonly shape: Shape;
  readonly arrivals?: readonly Arrivals[];
  readonly tenants?: Scenario['tenants'];
  readonly truthful?: boolean;
  /** Share of the pool's capacity that is there in the end. */
  readonly available?: number;
}

const ALL: Arrivals = { tenant: 0, worker: 1, rate: () => 1, peak: 1, share: 1 };
const ALONE: Scenario['tenants'] = [{ weight: 1, worker: 1 }];

function build(mix: string, seed: number, draw: Draw, plan: Plan): Scenario {
  const { keys, shape, load, arrivals = [ALL], tenants = ALONE } = plan;
  const durationMs = plan.minutes * MINUTE;
  const bytesPerToken = draw.between(3.5, 4.5);
  const sample: Sized[] = [];
  for (let at = 0; at < SAMPLE; at += 1) sample.push(drawSize(draw, shape, bytesPerToken));
  const perMs = capacityFor(keys, sample, durationMs) * load * (plan.available ?? 1);
  const all = arrivals
    .flatMap((each) =>
      drawTimes(draw, perMs * each.share, each, durationMs).map((time) => ({ time, each })),
    )
    .toSorted((a, b) => a.time - b.time);
  const requests = all.map(({ time, each }, id): RequestSpec => {
    const { inputBytes, stream, ...rest } = drawSize(draw, shape, bytesPerToken);
    const view = {
      id,
      tenant: each.tenant,
      worker: each.worker,
      arrivedAt: time,
      dispatchBy: time + rest.patienceMs,
      inputBytes,
      maxTokens: rest.size.allowance,
      stream,
    };
    const apparentTokens = (inputBytes - ENVELOPE_BYTES) / bytesPerToken + view.maxTokens;
    return Object.assign(rest, { view, apparentTokens });
  });
  return {
    mix,
    seed,
    keys,
    tenants,
    workers: Math.max(...tenants.map((each) => each.worker)),
    requests,
    durationMs,
    mostUpMs: MOST_UP_MS,
    maxWaitMs: shape.patienceMs * MOST_PATIENCE,
    truthful: plan.truthful ?? true,
  };
}

const ordinary = (draw: Draw): Shape => {
  const input = draw.around(700);
  const output = draw.around(250);
  return {
    input: (each) => Math.min(12_000, each.logNormal(input, 0.8)),
    output: (each) => Math.min(4000, each.logNormal(output, 0.7)),
    patienceMs: draw.around(8000),
    streams: 0.6,
    speed: draw.around(70),
    firstByteMs: draw.around(350),
  };
};

interface KeyPlan {
  readonly face?: Face;
  readonly kind?: string;
  readonly provider?: string;
  readonly limits: readonly LimitRule[];
  readonly lie?: KeySpec['lie'];
  readonly troubles?: readonly Trouble[];
  readonly outside?: readonly OutsideCall[];
}

const key = (place: number, plan: KeyPlan): KeySpec => ({
  name: `k${place}`,
  provider: plan.provider ?? 'one',
  kind: plan.kind ?? 'openai',
  face: plan.face ?? 'openai',
  limits: plan.limits,
  lie: plan.lie ?? 1,
  troubles: plan.troubles ?? [],
  outside: plan.outside ?? [],
});

const perMinute = (
  draw: Draw,
  counts: LimitRule['counts'],
  limit: number,
  more: Partial<LimitRule> = {},
): LimitRule => ({
  counts,
  limit: Math.max(1, Math.round(limit)),
  windowMs: MINUTE,
  kind: 'continuous',
  anchorAt: draw.between(-MINUTE, 0),
  usedAtStart: draw.between(0.5, 1),
  ...more,
});

/** Accounts of a pool are seldom of one size. */
const SIZES: readonly number[] = [0.4, 0.7, 1, 1, 1.3, 1.6];

const bucketLimits = (draw: Draw, place: number): readonly LimitRule[] => {
  const size = SIZES[place % SIZES.length] ?? 1;
  return [
    perMinute(draw, 'requests', draw.around(150 * size)),
    perMinute(draw, 'tokens', draw.around(210_000 * size)),
  ];
};

const several = (count: number, each: (place: number) => KeySpec): KeySpec[] =>
  Array.from({ length: count }, (_, place) => each(place));

const bucketKeys = (draw: Draw): KeySpec[] =>
  several(6, (place) => key(place, { limits: bucketLimits(draw, place) }));

type Recipe = (draw: Draw) => Plan;

const loaded =
  (load: number): Recipe =>
  (draw) => ({ load, minutes: 6, keys: bucketKeys(draw), shape: ordinary(draw) });

const bursts: Recipe = (draw) => {
  const period = draw.around(90_000);
  const length = draw.around(20_000);
  const height = draw.around(4);
  const rest = (period - length * height) / (period - length);
  const low = Math.max(0.1, rest);
  return {
    load: 0.85,
    minutes: 6,
    keys: bucketKeys(draw),
    shape: ordinary(draw),
    arrivals: [{ ...ALL, rate: (now) => (now % period < length ? height : low), peak: height }],
  };
};

const heavyTail: Recipe = (draw) => {
  const alpha = draw.between(1.15, 1.5);
  return {
    load: 0.95,
    minutes: 6,
    keys: bucketKeys(draw),
    shape: { ...ordinary(draw), input: (each) => each.pareto(250, alpha, 60_000) },
  };
};

const oneLargeKey: Recipe = (draw) => ({
  load: 0.95,
  minutes: 1.6,
  keys: several(100, (place) =>
    key(place, { limits: [perMinute(draw, 'requests', draw.around(place === 37 ? 9000 : 10))] }),
  ),
  shape: ordinary(draw),
});

/** Minutes of the clock, and days that end while the bench runs. */
const calendar: Recipe = (draw) => {
  const minutes = 6;
  const day = (place: number): LimitRule => ({
    counts: 'requests',
    limit: Math.round(draw.around(500)),
    windowMs: DAY,
    kind: 'fixed',
    // one day ends after another, some not at all
    anchorAt: MINUTE * draw.between(0.8, 1.2) * (1 + place * 1.4),
    usedAtStart: draw.between(0.3, 0.8),
  });
  return {
    load: 0.9,
    minutes,
    keys: several(6, (place) =>
      key(place, {
        face: 'cerebras',
        kind: 'cerebras',
        limits: [
          day(place),
          perMinute(draw, 'tokens', draw.around(210_000), {
            kind: 'fixed',
            anchorAt: 0,
            usedAtStart: 0,
          }),
        ],
      }),
    ),
    shape: ordinary(draw),
  };
};

const outsideUse: Recipe = (draw) => {
  const minutes = 6;
  let used = 0;
  const keys = several(6, (place) => {
    const limits = bucketLimits(draw, place);
    const share = draw.between(0.1, 0.6);
    const busyMs = draw.around(30_000);
    used += share / 2 / 6;
    return key(place, { limits, outside: outsideCalls(draw, limits, { share, busyMs, minutes }) });
  });
  return { load: 0.95, minutes, keys, shape: ordinary(draw), available: 1 - used };
};

/** Somebody else uses a share of the key's limits for half of the time. */
function outsideCalls(
  draw: Draw,
  limits: readonly LimitRule[],
  use: { readonly share: number; readonly busyMs: number; readonly minutes: number },
): OutsideCall[] {
  const requests = limits.find((limit) => limit.counts === 'requests')?.limit ?? 0;
  const tokens = limits.find((limit) => limit.counts === 'tokens')?.limit ?? 0;
  const calls: OutsideCall[] = [];
  const offset = draw.between(0, 2 * use.busyMs);
  const gap = MINUTE / (requests * use.share);
  for (let at = draw.exponential(gap); at < use.minutes * MINUTE; at += draw.exponential(gap)) {
    if ((at + offset) % (2 * use.busyMs) > use.busyMs) continue;
    const inputTokens = Math.round(draw.exponential((tokens / requests) * 0.7));
    calls.push({ at, size: { inputTokens, allowance: Math.round((tokens / requests) * 0.3) } });
  }
  return calls;
}

const failing: Recipe = (draw) => {
  const minutes = 6;
  const whole = { from: 0, until: Infinity };
  const noise: Trouble[] = [
    { kind: 'overloaded', ...whole, share: draw.around(0.01) },
    { kind: 'server_error', ...whole, share: draw.around(0.02) },
  ];
  const outageAt = MINUTE * draw.around(4);
  const outage: Trouble = {
    kind: 'unreachable',
    from: outageAt,
    until: outageAt + draw.around(25_000),
    share: 1,
  };
  const own: readonly (readonly Trouble[])[] = [
    [{ kind: 'dead', from: MINUTE * draw.around(1), until: Infinity, share: 1 }],
    [{ kind: 'no_funds', from: MINUTE * draw.around(2), until: Infinity, share: 1 }],
  ];
  return {
    load: 0.8,
    minutes,
    keys: several(8, (place) =>
      key(place, {
        provider: place % 4 === 3 ? 'two' : 'one',
        limits: bucketLimits(draw, place),
        troubles: [...(own[place] ?? []), ...(place % 4 === 3 ? [outage] : []), ...noise],
      }),
    ),
    shape: ordinary(draw),
    available: 0.7,
  };
};

/** Anthropic counts output as it is produced, and tells its levels when a stream begins: answers overtake each other by minutes. */
const longStreams: Recipe = (draw) => ({
  load: 0.92,
  minutes: 7,
  keys: several(6, (place) =>
    key(place, {
      face: 'anthropic',
      kind: 'anthropic',
      limits: [
        perMinute(draw, 'requests', draw.around(120)),
        perMinute(draw, 'input_tokens', draw.around(130_000)),
        perMinute(draw, 'output_tokens', draw.around(60_000)),
      ],
    }),
  ),
  shape: {
    ...ordinary(draw),
    output: (each) => Math.min(6000, each.logNormal(350, 1.1)),
    streams: 0.9,
    speed: draw.around(45),
  },
});

const severalTenants: Recipe = (draw) => ({
  load: 1,
  minutes: 6,
  keys: bucketKeys(draw),
  shape: ordinary(draw),
  tenants: [1, 1, 1, 1].map((weight, place) => ({ weight, worker: 1 + (place % 2) })),
  arrivals: [
    // one floods, two use part of their share, one comes and goes
    { ...ALL, tenant: 0, worker: 1, share: draw.around(1.3) },
    { ...ALL, tenant: 1, worker: 2, share: draw.around(0.15) },
    { ...ALL, tenant: 2, worker: 1, share: draw.around(0.1) },
    {
      tenant: 3,
      worker: 2,
      share: draw.around(0.15),
      rate: (now) => (now % 120_000 < 60_000 ? 1.7 : 0.3),
      peak: 1.7,
    },
  ],
});

const weightedTenants: Recipe = (draw) => ({
  load: 1,
  minutes: 6,
  keys: bucketKeys(draw),
  shape: ordinary(draw),
  tenants: [70, 20, 10].map((weight, place) => ({ weight, worker: 1 + place })),
  arrivals: [0.9, 0.5, 0.4].map((share, tenant) => ({
    rate: ALL.rate,
    peak: ALL.peak,
    tenant,
    worker: 1 + tenant,
    share: share * draw.between(0.95, 1.25),
  })),
});

const lying: Recipe = (draw) => {
  const lies: readonly KeySpec['lie'][] = [0.5, 1.5, 'flapping', 1.5, 0.5, 'flapping'];
  return {
    load: 0.9,
    minutes: 6,
    keys: several(6, (place) =>
      key(place, { limits: bucketLimits(draw, place), lie: lies[place] ?? 1 }),
    ),
    shape: ordinary(draw),
    truthful: false,
  };
};

/** Nothing is told: no header, no number in a body. */
const silent =
  (limit: number, kind: LimitRule['kind']): Recipe =>
  (draw) => {
    const counts: Readonly<Record<number, readonly [number, number]>> = {
      10: [10, 10],
      100: [6, 8],
      1000: [3, 4],
      6000: [2, 2],
    };
    const [keys, minutes] = counts[limit] ?? [3, 5];
    return {
      load: draw.between(0.8, 1.1),
      minutes,
      keys: several(keys, (place) =>
        key(place, {
          face: 'silent',
          kind: 'openai-compatible',
          limits: [perMinute(draw, 'requests', draw.around(limit), { kind, usedAtStart: 0 })],
        }),
      ),
      shape: ordinary(draw),
    };
  };

const mix = (
  name: string,
  recipe: Recipe,
  of: Partial<Pick<Mix, 'bar' | 'weighted' | 'denied'>> = {},
): Mix => ({
  name,
  bar: 'plain',
  weighted: false,
  denied: null,
  ...of,
  draw: (seed) => {
    const draw = new Draw(name, seed);
    return build(name, seed, draw, recipe(draw));
  },
});

export const MIXES: readonly Mix[] = [
  mix('load 0.8', loaded(0.8)),
  mix('load 1.2', loaded(1.2), { denied: 'instants' }),
  mix('bursts', bursts, { denied: 'instants' }),
  mix('heavy tail', heavyTail),
  mix('one large key', oneLargeKey),
  mix('calendar windows', calendar),
  mix('outside use', outsideUse, { bar: 'disturbed' }),
  mix('failures', failing, { bar: 'disturbed' }),
  mix('long streams', longStreams),
  mix('several tenants', severalTenants, { denied: 'instants' }),
  mix('weights 70/20/10', weightedTenants, { weighted: true, denied: 'instants' }),
  mix('lying headers', lying, { bar: 'disturbed' }),
  ...([10, 100, 1000, 6000] as const).flatMap((limit) =>
    (['continuous', 'fixed', 'sliding'] as const).map((kind) =>
      mix(`no headers, ${limit} ${kind}`, silent(limit, kind), {
        bar: limit === 10 ? 'silent_slow' : 'silent',
        denied: kind === 'fixed' ? 'ends' : null,
      }),
    ),
  ),
];
