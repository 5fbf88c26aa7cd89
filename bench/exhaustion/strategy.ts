// What a strategy of the exhaustion bench sees and does. The driver owns time and events; a strategy only answers them.

/** One call as a gateway sees it. What it will really cost is not in here: only the oracle is told. */
export interface RequestView {
  readonly id: number;
  readonly tenant: number;
  /** The listener worker that accepted it. */
  readonly worker: number;
  readonly arrivedAt: number;
  /** It has to be on its way by then, all waits and lost attempts included. */
  readonly dispatchBy: number;
  /** Size of its input on the wire; tokens follow from it only roughly. */
  readonly inputBytes: number;
  readonly maxTokens: number;
  readonly stream: boolean;
}

export interface AttemptView {
  readonly id: number;
  readonly request: RequestView;
  readonly key: number;
  readonly sentAt: number;
}

/** What came back. `header` takes lower-case names and answers with the provider's own text. */
export interface ResponseView {
  /** 0 when no connection came about. */
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** The error's body; empty for answers that went well. */
  readonly body: string;
  /** What the provider says it used; null for refusals. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | null;
}

/** What the operator's configuration tells: names and weights, never limits. */
export interface World {
  readonly keys: readonly WorldKey[];
  readonly tenants: readonly { readonly weight: number; readonly worker: number }[];
  readonly workers: number;
  readonly model: string;
  /** The longest that a call may wait. */
  readonly maxWaitMs: number;
  /** Epoch milliseconds at virtual time 0. */
  readonly wallStart: number;
}

export interface WorldKey {
  readonly name: string;
  /** Keys of one provider share a base URL. */
  readonly provider: string;
  /** The vendor's table: `openai`, `anthropic`, `cerebras`, `openai-compatible`. */
  readonly kind: string;
}

/** What a strategy may do, at any time it is called. */
export interface Actions {
  readonly send: (request: RequestView, key: number) => AttemptView;
  /** Ends the request unanswered. */
  readonly refuse: (request: RequestView, retryAfterMs: number) => void;
  /** Asks for `wake` at an instant. Only the earliest is kept: ask again when woken. */
  readonly wakeAt: (at: number) => void;
}

export interface Strategy {
  readonly arrive: (request: RequestView, now: number) => void;
  /** The head of a stream that was answered well; `respond` follows when it has ended. */
  readonly firstByte: (attempt: AttemptView, head: ResponseView, now: number) => void;
  /** The whole response, or the end of a stream. */
  readonly respond: (attempt: AttemptView, response: ResponseView, now: number) => void;
  readonly wake: (now: number) => void;
}

export type StrategyFactory = (
  world: World,
  actions: Actions,
  /** Uniform in [0, 1), the same for the same seed. */
  random: () => number,
) => Strategy;
