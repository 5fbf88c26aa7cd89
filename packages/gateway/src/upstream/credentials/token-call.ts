import type { Failure, Outcome } from '@keywell/core/keys/outcome';
import type { Clock } from '../../pipeline/clock.ts';
import type { Deadlined, DeadlineSweeper } from '../../pipeline/deadline-sweeper.ts';
import { BodyCollector } from '../../relay/body-collector.ts';
import type { HeaderOf, Outbound, OutboundControl, OutboundEvents } from '../../seam/outbound.ts';

/** What fetching a token acts on. */
export interface TokenPorts {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sweeper: DeadlineSweeper;
}

const CONNECT_TIMEOUT_MS = 5000;
/** From the start of the call to the last byte of its answer. */
const DEADLINE_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

const HEADERS: readonly string[] = Object.freeze([
  'content-type',
  'application/x-www-form-urlencoded',
  'accept',
  'application/json',
  'accept-encoding',
  'identity',
  'user-agent',
  'keywell',
]);

/** Posts a form to a token endpoint. Never rejects: whatever happens is an outcome. */
export function callTokenEndpoint(url: string, form: string, ports: TokenPorts): Promise<Outcome> {
  return new Promise((resolve) => new TokenCall(ports, resolve).send(url, form));
}

class TokenCall implements OutboundEvents, Deadlined {
  deadlineAt: number;
  sweepSlot = -1;
  readonly #ports: TokenPorts;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #body = new BodyCollector(MAX_ANSWER_BYTES);
  #control: OutboundControl | null = null;
  #status = 0;
  #header: HeaderOf = () => undefined;
  #ended = false;

  constructor(ports: TokenPorts, resolve: (outcome: Outcome) => void) {
    this.#ports = ports;
    this.#resolve = resolve;
    this.deadlineAt = ports.clock.now() + DEADLINE_MS;
  }

  send(url: string, form: string): void {
    const { origin, pathname, search } = new URL(url);
    this.#ports.sweeper.add(this);
    try {
      this.#ports.outbound.send(
        {
          origin,
          path: pathname + search,
          method: 'POST',
          headers: HEADERS,
          body: Buffer.from(form),
          connectTimeoutMs: CONNECT_TIMEOUT_MS,
        },
        this,
      );
    } catch {
      this.#finish('invalid');
    }
  }

  onStart(control: OutboundControl): void {
    this.#control = control;
    if (this.#ended) control.abort();
  }

  onHead(status: number, headerOf: HeaderOf): void {
    this.#status = status;
    this.#header = headerOf;
  }

  onData(chunk: Uint8Array): void {
    this.#body.push(chunk);
    if (this.#body.overflowed) this.#finish('invalid');
  }

  onEnd(): void {
    this.#finish(null);
  }

  onFail(failure: Failure | 'aborted'): void {
    this.#finish(failure === 'aborted' ? 'truncated' : failure);
  }

  onDeadline(): void {
    this.#finish(this.#status === 0 ? 'first_byte_timeout' : 'truncated');
  }

  #finish(failure: Failure | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ports.sweeper.remove(this);
    if (failure !== null) this.#control?.abort();
    this.#resolve({
      status: this.#status,
      failure,
      header: this.#header,
      body: Buffer.from(this.#body.bytes()).toString('utf8'),
      wallNow: this.#ports.clock.wallNow(),
    });
  }
}
