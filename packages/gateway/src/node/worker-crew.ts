import type { Clock } from '../pipeline/clock.ts';
import type { FromWorker, ToWorker, WorkerBirth } from '../worker/messages.ts';
import { nextBackOffMs } from './back-off.ts';
import { ListenError } from './listen-error.ts';
import { probePort } from './probe-port.ts';
import { WorkerAnswers } from './worker-answers.ts';
import { WorkerHandle, type WorkerEvents } from './worker-handle.ts';

const START_DEADLINE_MS = 15_000;

/** Where a worker stands among the others, and where it listens. */
export type WorkerPlace = Pick<WorkerBirth, 'worker' | 'epoch' | 'host' | 'port' | 'shared'>;

/** What a worker says once it is there, of whatever is not its own life. */
export type WorkerTells = Exclude<FromWorker, { readonly kind: 'listening' | 'failed' }>;

/** What becomes of workers that the operator should hear of. */
export type CrewEvent =
  | { readonly kind: 'worker_crashed'; readonly worker: number; readonly reason: string }
  | { readonly kind: 'worker_restarted'; readonly worker: number; readonly epoch: number };

/** Starts a worker thread. */
export type SpawnWorker = (birth: WorkerBirth, events: WorkerEvents) => WorkerHandle;

export interface WorkerCrewOptions {
  readonly workers: number;
  readonly clock: Clock;
  readonly spawn?: SpawnWorker | undefined;
  /** Asked at every start: what is in force may be another than at the last. */
  readonly birthOf: (place: WorkerPlace) => WorkerBirth;
  readonly onMessage: (worker: number, message: WorkerTells) => void;
  /** A thread is gone, and nobody has been started in its place yet. */
  readonly onGone: (worker: number) => void;
  readonly onEvent: (event: CrewEvent) => void;
  /** Requests that a worker's own gauge says it is answering. */
  readonly inFlightOf: (worker: number) => number;
}

type SlotState = 'starting' | 'listening' | 'gone';

interface Slot {
  readonly handle: WorkerHandle;
  readonly startedAt: number;
  state: SlotState;
  /** The last wait before a start; 0 before the first crash. */
  backOffMs: number;
  restart: NodeJS.Timeout | null;
  /** Requests that ended with the thread. */
  lost: number;
}

/** The worker threads of a node: starts them, starts again what ended by itself, and asks them things. */
export class WorkerCrew {
  readonly #options: WorkerCrewOptions;
  readonly #slots = new Map<number, Slot>();
  readonly #answers = new WorkerAnswers();
  #host = '';
  #port = 0;
  #shared = false;
  #epoch = 0;
  #restarts = 0;
  #started = false;
  #leaving = false;

  constructor(options: WorkerCrewOptions) {
    this.#options = options;
  }

  /** Resolves once every worker listens. The first one finds the port, if any will do. */
  async start(host: string, port: number): Promise<void> {
    const { workers } = this.#options;
    this.#host = host;
    this.#port = port;
    this.#shared = process.platform === 'linux' && workers > 1;
    if (this.#shared && port !== 0) await probePort(host, port);
    this.#port = await this.#spawn(1);
    const rest = Array.from({ length: workers - 1 }, (_, index) => index + 2);
    await Promise.all(rest.map((worker) => this.#spawn(worker)));
    this.#started = true;
  }

  /** The port that they listen on. */
  get port(): number {
    return this.#port;
  }

  /** Starts of workers that had ended by themselves. */
  get restarts(): number {
    return this.#restarts;
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  status() {
    return [...this.#slots].map(([worker, { handle, state }]) => ({
      worker,
      epoch: handle.birth.epoch,
      listening: state === 'listening',
    }));
  }

  /** Requests a worker is answering, or was when its thread ended. */
  openIn(worker: number): number {
    const slot = this.#slots.get(worker);
    return slot?.state === 'gone' ? slot.lost : this.#options.inFlightOf(worker);
  }

  tell(worker: number, message: ToWorker): void {
    this.#slots.get(worker)?.handle.tell(message);
  }

  /**
   * Tells it to those that listen, and to those that are just starting where `of` says so. Resolves when all have answered or ended, or at
   * the deadline, with those that have not answered.
   */
  ask(
    message: ToWorker,
    { answer, of, withinMs }: { answer: string; of: 'listening' | 'all'; withinMs: number },
  ): Promise<ReadonlySet<number>> {
    const asked = [...this.#slots].filter(
      ([, { state }]) => state === 'listening' || (of === 'all' && state === 'starting'),
    );
    const workers = asked.map(([worker]) => worker);
    const answered = this.#answers.wait(answer, workers, withinMs);
    for (const [, { handle }] of asked) handle.tell(message);
    return answered;
  }

  /** A worker has given this answer to what it was asked. */
  answered(answer: string, worker: number): void {
    this.#answers.answer(answer, worker);
  }

  /** From here on nobody is started again. */
  leave(): void {
    this.#leaving = true;
  }

  async terminate(): Promise<void> {
    this.leave();
    const slots = [...this.#slots.values()];
    for (const { restart } of slots) if (restart !== null) clearTimeout(restart);
    await Promise.all(slots.map(({ handle }) => handle.terminate()));
  }

  #spawn(worker: number): Promise<number> {
    this.#epoch += 1;
    const birth = this.#options.birthOf({
      worker,
      epoch: this.#epoch,
      host: this.#host,
      port: this.#port,
      shared: this.#shared,
    });
    return new Promise((resolve, reject) => {
      let refused: ListenError | null = null;
      const giveUp = (error: ListenError): void => {
        clearTimeout(late);
        refused = error;
        reject(error);
        // What does not listen is no use; its end schedules the next try.
        void handle.terminate();
      };
      const late = setTimeout(
        () => giveUp(new ListenError('ETIMEDOUT', `worker ${worker} did not start in time`)),
        START_DEADLINE_MS,
      );
      const spawn = this.#options.spawn ?? startWorker;
      const handle = spawn(birth, {
        onMessage: (message) => {
          if (message.kind === 'listening') {
            clearTimeout(late);
            slot.state = 'listening';
            resolve(message.port);
          } else if (message.kind === 'failed') {
            giveUp(new ListenError(message.code, message.message));
          } else this.#options.onMessage(worker, message);
        },
        onExit: (code, error) => {
          clearTimeout(late);
          const reason = refused?.message ?? error?.message ?? `ended with code ${code}`;
          reject(new ListenError('EXIT', `worker ${worker}: ${reason}`));
          this.#onExit(worker, slot, reason);
        },
      });
      const slot: Slot = {
        handle,
        startedAt: this.#options.clock.now(),
        state: 'starting',
        backOffMs: this.#slots.get(worker)?.backOffMs ?? 0,
        restart: null,
        lost: 0,
      };
      this.#slots.set(worker, slot);
    });
  }

  #onExit(worker: number, slot: Slot, reason: string): void {
    const { clock, inFlightOf, onGone, onEvent } = this.#options;
    slot.lost = inFlightOf(worker);
    const listened = slot.state === 'listening';
    slot.state = 'gone';
    onGone(worker);
    this.#answers.ended(worker);
    if (this.#leaving || (!listened && !this.#started)) return;
    onEvent({ kind: 'worker_crashed', worker, reason });
    slot.backOffMs = nextBackOffMs(slot.backOffMs, clock.now() - slot.startedAt);
    slot.restart = setTimeout(() => this.#restart(worker), slot.backOffMs);
  }

  #restart(worker: number): void {
    this.#restarts += 1;
    const started = this.#spawn(worker);
    const epoch = this.#epoch;
    started.then(
      () => this.#options.onEvent({ kind: 'worker_restarted', worker, epoch }),
      // Its exit is what schedules the next try.
      () => undefined,
    );
  }
}

function startWorker(birth: WorkerBirth, events: WorkerEvents): WorkerHandle {
  return new WorkerHandle(birth, events);
}
