/** Every fault the simulator can act out: one row each. docs/guides/simulator.md shows the same table; a test keeps the two equal. */

/** What a fault can be told beside where and when it applies. */
export type FaultParameter =
  | 'code'
  | 'dimension'
  | 'retry_after_ms'
  | 'message'
  | 'events'
  | 'interval_ms'
  | 'wait_ms'
  | 'bytes'
  | 'location'
  | 'headers'
  | 'status'
  | 'factor'
  | 'skew_ms'
  | 'nonsense'
  | 'until';

export interface FaultRow {
  /**
   * When it acts: `connect` as soon as the request's head is there, `credential` where the key is checked, `answer` in place of the
   * answer; `shape` changes how an answer is delivered and combines with the others.
   */
  readonly phase: 'connect' | 'credential' | 'answer' | 'shape';
  /** Applies to streamed calls only. */
  readonly streamOnly: boolean;
  readonly parameters: readonly FaultParameter[];
  readonly does: string;
}

const row = (
  phase: FaultRow['phase'],
  does: string,
  parameters: readonly FaultParameter[] = [],
  streamOnly = false,
): FaultRow => Object.freeze({ phase, does, parameters, streamOnly });

const onStreams = (does: string, parameters: readonly FaultParameter[] = []): FaultRow =>
  row('answer', does, parameters, true);

export const FAULTS = Object.freeze({
  quota_exhausted: row(
    'answer',
    '429 `insufficient_quota`: the money is gone; `code` names another funds code',
    ['code'],
  ),
  usage_limit: row(
    'answer',
    "a spend limit that ends `until` a date, 00:00 UTC (default: the first of next month), and the fault with it; `code` `organization` instead of the workspace's or project's",
    ['code', 'until'],
  ),
  dead_key: row('credential', '401 `invalid_api_key`, the body shows the masked key'),
  account_deactivated: row('credential', '401 `account_deactivated`'),
  region_blocked: row('credential', '403 `unsupported_country_region_territory`'),
  model_forbidden: row('answer', '403 `model_not_found`: this project has no access to the model'),
  rate_limited: row('answer', '429 `rate_limit_exceeded` with `retry-after` and `retry-after-ms`', [
    'dimension',
    'retry_after_ms',
  ]),
  slow_down: row('answer', '429 `slow_down`', ['retry_after_ms']),
  overloaded: row('answer', '503 `server_is_overloaded` (529 at Anthropic)', ['retry_after_ms']),
  server_error: row('answer', '500 `server_error`'),
  bad_gateway: row('answer', '502 with an HTML page'),
  gateway_timeout: row('answer', '504 with an HTML page'),
  invalid_request: row(
    'answer',
    "400 `invalid_request_error` whose message quotes the caller's prompt, or is `message`",
    ['message'],
  ),
  refuse_connection: row('connect', 'resets the connection as soon as the request head is there'),
  die_before_headers: row('answer', 'reads the whole request, then resets the connection'),
  die_after_headers: row('answer', 'sends the response head, then resets'),
  die_mid_stream: row(
    'answer',
    'resets after `events` events; without a stream after half the body',
    ['events'],
  ),
  die_before_done: onStreams('sends every event but `[DONE]`, then resets'),
  end_before_done: onStreams(
    'sends `events` events (default: all), then ends cleanly without `[DONE]`',
    ['events'],
  ),
  stall_silent: row('answer', 'never answers'),
  stall_after_headers: row('answer', 'sends the response head, then nothing'),
  stall_mid_stream: row(
    'answer',
    'falls silent after `events` events; without a stream after half the body',
    ['events'],
  ),
  error_event: onStreams('a 200 stream with an error event after `events` events (default 0)', [
    'events',
    'code',
  ]),
  error_body: row('answer', 'a 200 JSON answer that is an error object', ['code']),
  garbage: row('answer', '200 `application/json` (or a stream) of random bytes', ['bytes']),
  cut_json: row('answer', '200 with a whole body that is half a JSON text'),
  html: row('answer', '200 with an HTML page'),
  wrong_type: row('answer', 'JSON where a stream was asked for, a stream where JSON was'),
  huge_error: row(
    'answer',
    '`status` (default 500) and an error of `bytes` bytes (default 1 MiB)',
    ['status', 'bytes'],
  ),
  html_error: row('answer', '`status` (default 500) with an HTML page', ['status']),
  invalid_text: row('answer', '`status` (default 500) and an error that is not UTF-8', ['status']),
  redirect: row('answer', '302 to `location`', ['location']),
  not_http: row('answer', 'bytes that are no HTTP response', ['bytes']),
  huge_line: onStreams('one event of `bytes` bytes (default 16 MiB) in one line', ['bytes']),
  endless: onStreams('events every `interval_ms` that never end', ['interval_ms']),
  firehose: onStreams('events as fast as the client reads them, up to `bytes` (default 400 MiB)', [
    'bytes',
  ]),
  slow_first_byte: row('shape', 'waits `wait_ms` before the response head', ['wait_ms']),
  slow_stream: row(
    'shape',
    'waits `interval_ms` between events; `events` makes the answer that long',
    ['interval_ms', 'events'],
    true,
  ),
  bytewise: row('shape', 'one byte a write'),
  gzip: row('shape', 'a gzip-encoded body that nobody asked for'),
  extra_headers: row(
    'shape',
    'adds `headers` ("name: value"); default a cookie and a server header',
    ['headers'],
  ),
  huge_headers: row('shape', 'adds `bytes` of headers (default 1 MiB)', ['bytes']),
  informational: row('shape', 'sends 102 and 103 before the answer'),
  no_headers: row('shape', 'no limit headers and no `retry-after`'),
  lying_headers: row(
    'shape',
    'what limit headers say is left is `factor` times the truth (default 0.5)',
    ['factor'],
  ),
  skewed_clock: row(
    'shape',
    '`date` and the instants that limits name are off by `skew_ms` (default an hour ahead)',
    ['skew_ms'],
  ),
  nonsense_headers: row(
    'shape',
    'limit headers and `retry-after` are `nonsense`: `negative`, `huge`, `nan`, `empty` or `year_9999` (default: each in turn)',
    ['nonsense'],
  ),
} satisfies Record<string, FaultRow>);

export type FaultName = keyof typeof FAULTS;

const isFaultName = (name: string): name is FaultName => Object.hasOwn(FAULTS, name);

export const FAULT_NAMES: readonly FaultName[] = Object.freeze(
  Object.keys(FAULTS).filter(isFaultName),
);
