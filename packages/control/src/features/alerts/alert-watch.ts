import {
  AlertBook,
  ALERT_KINDS,
  type AlertKind,
  type AlertRule,
  type UnpricedUse,
} from '@keywell/core/forecast/alert-rules';
import type { PoolForecast } from '@keywell/core/forecast/forecast';
import type { CooldownChange } from '@keywell/core/keys/status';
import type { AlertEvent, AlertStore } from '@keywell/storage/alerts/alert-store';

export interface AlertWatchOptions {
  readonly store: AlertStore;
  /** The rules in force. */
  readonly rules: () => readonly AlertRule[];
  readonly onRaised: (alert: Pick<AlertEvent, 'kind' | 'subject' | 'rule' | 'message'>) => void;
  /** An alert could not be kept; it was told all the same. */
  readonly onFailure: (reason: string) => void;
}

/** How many alerts of a kind were raised since the start, and how many are not over. */
export interface AlertCount {
  readonly kind: AlertKind;
  readonly raised: number;
  readonly active: number;
}

const MOST_ACTIVE = 500;

/** Looks at forecasts and cooldowns, and raises and ends alerts. */
export class AlertWatch {
  readonly #options: AlertWatchOptions;
  readonly #book = new AlertBook();
  readonly #raised = new Map<AlertKind, number>();
  readonly #active = new Map<AlertKind, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: AlertWatchOptions) {
    this.#options = options;
  }

  /** Reads what an earlier run raised; `cooldowns` are those in force now. */
  async start(cooldowns: readonly CooldownChange[]): Promise<void> {
    this.#book.noteCooldowns(cooldowns);
    try {
      const active = await this.#options.store.list({ limit: MOST_ACTIVE, activeOnly: true });
      this.#book.restore(active);
      for (const { kind } of active) count(this.#active, kind, 1);
    } catch (error) {
      this.#options.onFailure(String(error));
    }
  }

  noteCooldowns(changes: readonly CooldownChange[]): void {
    this.#book.noteCooldowns(changes);
  }

  noteUnpriced(use: UnpricedUse): void {
    this.#book.noteUnpriced(use);
  }

  look(
    pools: readonly PoolForecast[],
    at: { readonly now: number; readonly wallNow: number },
  ): void {
    const { store, rules, onRaised } = this.#options;
    const { raised, ended } = this.#book.look(rules(), pools, at);
    for (const alert of raised) {
      const { kind, subject, rule, message } = alert;
      count(this.#raised, kind, 1);
      if (kind !== 'pool_recovered') count(this.#active, kind, 1);
      onRaised({ kind, subject, rule, message });
      this.#write(async () => void (await store.append(alert, at.wallNow)));
    }
    for (const over of ended) {
      count(this.#active, over.kind, -1);
      this.#write(() => store.end(over, at.wallNow));
    }
  }

  counts(): readonly AlertCount[] {
    return ALERT_KINDS.map((kind) => ({
      kind,
      raised: this.#raised.get(kind) ?? 0,
      active: this.#active.get(kind) ?? 0,
    }));
  }

  /** Resolves when everything raised so far is kept. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #write(step: () => Promise<void>): void {
    this.#writing = this.#writing
      .then(step)
      .catch((error: unknown) => this.#options.onFailure(String(error)));
  }
}

function count(of: Map<AlertKind, number>, kind: AlertKind, by: number): void {
  of.set(kind, Math.max(0, (of.get(kind) ?? 0) + by));
}
