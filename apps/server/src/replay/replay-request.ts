import type { RequestRecord, TokenUsage } from '@keywell/core/log/request-record';

/** One logged request, as it is sent through the virtual gateway. */
export interface ReplayRequest {
  readonly record: RequestRecord;
  /** Wall clock of the log, epoch milliseconds. */
  readonly at: number;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** How long its provider takes to answer it. */
  readonly serviceMs: number;
  /** Whether sizes or duration are a guess: it was not answered, or its usage not reported. */
  readonly guessed: boolean;
}

/** What became of a request in the log. */
export type Happened =
  | 'answered'
  | 'dry'
  | 'consumer_limit'
  | 'too_large'
  | 'not_configured'
  | 'failed';

const BYTES_A_TOKEN = 4;
const DEFAULT_OUTPUT_TOKENS = 300;
const DEFAULT_SERVICE_MS = 2000;
/** How much the newest answer counts in what is usual for its model. */
const NEWEST_SHARE = 0.05;
/** Models whose usual sizes are kept; beyond them the usual of all. */
const MAX_MODELS = 1000;

/** Null where the log holds nothing that can be replayed: no model, or a fault of the caller's own. */
export function happenedTo(record: RequestRecord): Happened | null {
  if (record.model === null || record.operation.startsWith('models.')) return null;
  switch (record.errorCode) {
    case 'pool_exhausted':
    case 'pool_unavailable':
      return 'dry';
    case 'rate_limit_exceeded':
      return 'consumer_limit';
    case 'request_exceeds_limits':
      return 'too_large';
    case 'model_not_found':
      return 'not_configured';
    default:
      break;
  }
  if (record.status < 400) return 'answered';
  return record.status >= 500 ? 'failed' : null;
}

interface Usual {
  outputTokens: number;
  serviceMs: number;
}

/** Learns how large and how slow the answers of a model are, for requests that had none. */
export class UsualAnswers {
  readonly #models = new Map<string, Usual>();
  readonly #all: Usual = { outputTokens: DEFAULT_OUTPUT_TOKENS, serviceMs: DEFAULT_SERVICE_MS };

  toRequest(record: RequestRecord): ReplayRequest {
    const { usage } = record;
    const answered = record.status < 400;
    const serviceMs = Math.max(1, record.durationMs - record.waitMs);
    if (answered && usage !== null) this.#learn(record.model ?? '', usage, serviceMs);
    const usual = this.#models.get(record.model ?? '') ?? this.#all;
    return {
      record,
      at: record.startedAt,
      inputTokens: usage?.inputTokens ?? Math.ceil(record.requestBytes / BYTES_A_TOKEN),
      cachedTokens: usage?.cachedTokens ?? 0,
      outputTokens: Math.round(usage?.outputTokens ?? usual.outputTokens),
      serviceMs: answered ? serviceMs : usual.serviceMs,
      guessed: !answered || usage === null || usage.estimated,
    };
  }

  #learn(model: string, usage: TokenUsage, serviceMs: number): void {
    let usual = this.#models.get(model);
    if (usual === undefined && this.#models.size < MAX_MODELS) {
      usual = { outputTokens: usage.outputTokens, serviceMs };
      this.#models.set(model, usual);
    }
    for (const each of [usual, this.#all]) {
      if (each === undefined) continue;
      each.outputTokens += (usage.outputTokens - each.outputTokens) * NEWEST_SHARE;
      each.serviceMs += (serviceMs - each.serviceMs) * NEWEST_SHARE;
    }
  }
}
