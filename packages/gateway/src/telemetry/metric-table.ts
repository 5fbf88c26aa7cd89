import { VERDICT_CLASSES } from '@keywell/core/keys/verdict';
import { WAIT_REFUSALS } from '../waiting/wait-refusals.ts';

/** Operations as metrics name them; anything else counts as `unknown`, so that paths never grow the series. */
export const OPERATIONS = [
  'chat.completions',
  'completions',
  'embeddings',
  'responses',
  'messages',
  'generate_content',
  'count_tokens',
  'images.generations',
  'images.edits',
  'images.variations',
  'audio.speech',
  'audio.transcriptions',
  'audio.translations',
  'moderations',
  'rerank',
  'files.create',
  'files.list',
  'files.get',
  'files.content',
  'files.delete',
  'batches.create',
  'batches.list',
  'batches.get',
  'batches.cancel',
  'responses.get',
  'responses.delete',
  'responses.cancel',
  'responses.input_items',
  'realtime',
  'passthrough',
  'models.list',
  'models.get',
  'unknown',
] as const;
export type Operation = (typeof OPERATIONS)[number];

export const STATUS_CLASSES = ['2xx', '4xx', '429', '499', '5xx'] as const;

/** Upper bounds of the latency histograms, milliseconds. */
export const LATENCY_BUCKETS_MS = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000,
] as const;

/**
 * One family of series. Every series of every family has a fixed cell in a worker's row of shared memory: counting is one addition,
 * nothing is sent anywhere, and a crashed worker takes no count with it.
 */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Label names and the values each may have; series are their product, the last label fastest. */
  readonly labels: readonly { readonly name: string; readonly values: readonly string[] }[];
}

const counter = (
  name: string,
  help: string,
  labels: MetricFamily['labels'] = [],
): MetricFamily => ({ name, type: 'counter', help, labels });

const gauge = (name: string, help: string): MetricFamily => ({
  name,
  type: 'gauge',
  help,
  labels: [],
});

const histogram = (name: string, help: string): MetricFamily => ({
  name,
  type: 'histogram',
  help,
  labels: [],
});

export const METRICS = {
  requests: counter('keywell_requests_total', 'Requests answered, by operation and status.', [
    { name: 'operation', values: OPERATIONS },
    { name: 'status', values: STATUS_CLASSES },
  ]),
  attempts: counter('keywell_attempts_total', 'Attempts at providers, by verdict.', [
    { name: 'verdict', values: VERDICT_CLASSES },
  ]),
  wasted: counter(
    'keywell_wasted_attempts_total',
    'Attempts that were refused although a refusal which had arrived before they were sent said so.',
  ),
  rescued: counter(
    'keywell_rescued_requests_total',
    'Requests that succeeded after at least one failed attempt.',
  ),
  poolExhausted: counter(
    'keywell_pool_exhausted_total',
    'Requests refused because no key of the pool could serve them.',
  ),
  waitRefusals: counter(
    'keywell_wait_refusals_total',
    'Requests that were ready to wait and were refused: the pool comes back too late, every place is taken, patience ended, or another tenant had a right to the place.',
    [{ name: 'reason', values: WAIT_REFUSALS }],
  ),
  retriesDenied: counter(
    'keywell_retries_denied_total',
    'Retries that the retry budget of the pool did not allow.',
  ),
  rateLimited: counter(
    'keywell_consumer_rate_limited_total',
    'Requests refused by the limit of their own consumer.',
  ),
  budgetRefusals: counter(
    'keywell_budget_refusals_total',
    'Requests refused because their consumer’s budget did not cover them.',
  ),
  idempotent: counter(
    'keywell_idempotent_calls_total',
    'Calls with an Idempotency-Key, by what became of them.',
    [{ name: 'outcome', values: ['first', 'replayed', 'mismatch', 'in_progress', 'unknown'] }],
  ),
  hedges: counter('keywell_hedges_total', 'Second attempts at late first tokens, by who won.', [
    { name: 'winner', values: ['first', 'second', 'neither'] },
  ]),
  continuations: counter(
    'keywell_continuations_total',
    'Streams that broke off and were continued elsewhere, by how that ended.',
    [{ name: 'end', values: ['whole', 'broken'] }],
  ),
  doubleCharges: counter(
    'keywell_possible_double_charges_total',
    'Attempts made while an earlier one of the same request may be charged as well.',
  ),
  authFailures: counter('keywell_auth_failures_total', 'Requests without a usable consumer key.'),
  tokens: counter('keywell_tokens_total', 'LLM tokens, as reported or estimated.', [
    { name: 'kind', values: ['input', 'output', 'cached', 'reasoning'] },
  ]),
  cost: counter(
    'keywell_cost_micros_total',
    'USD micros that attempts cost, by where their usage comes from.',
    [{ name: 'usage', values: ['reported', 'estimated'] }],
  ),
  costUnknown: counter(
    'keywell_cost_unknown_total',
    'Attempts that may be charged at a target whose price is not known.',
  ),
  bytes: counter('keywell_bytes_total', 'Body bytes to and from callers.', [
    { name: 'direction', values: ['in', 'out'] },
  ]),
  inFlight: gauge('keywell_requests_in_flight', 'Requests being answered now.'),
  waiting: gauge('keywell_requests_waiting', 'Requests that wait for capacity now.'),
  streams: gauge('keywell_streams_open', 'Streams being relayed now.'),
  connections: gauge('keywell_connections_open', 'Connections of callers.'),
  loopLag: gauge('keywell_event_loop_lag_p99_milliseconds', 'Event loop delay, 99th percentile.'),
  duration: histogram('keywell_request_duration_milliseconds', 'From head to the last byte.'),
  firstByte: histogram('keywell_first_byte_milliseconds', 'From head to the first answer byte.'),
  waits: histogram(
    'keywell_wait_milliseconds',
    'How long requests waited for capacity that were then sent.',
  ),
  overhead: histogram(
    'keywell_overhead_milliseconds',
    'Time the gateway itself added to requests that were answered by a provider.',
  ),
} as const satisfies Record<string, MetricFamily>;

export type MetricName = keyof typeof METRICS;

/** Cells a family takes: its series; for a histogram one cell a bucket, one for +Inf, one for the sum. */
export function cellsOf(family: MetricFamily): number {
  if (family.type === 'histogram') return LATENCY_BUCKETS_MS.length + 2;
  return family.labels.reduce((product, label) => product * label.values.length, 1);
}

/** The names of all families, in the order of their cells. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table above
export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[];

const offsets = new Map<MetricName, number>();
let total = 0;
for (const name of METRIC_NAMES) {
  offsets.set(name, total);
  total += cellsOf(METRICS[name]);
}

/** Cells in one worker's row. */
export const METRIC_CELLS = total;

export function offsetOf(name: MetricName): number {
  return offsets.get(name) ?? 0;
}
