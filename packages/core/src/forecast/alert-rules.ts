import type { CooldownChange } from '../keys/status.ts';
import type { PoolForecast } from './forecast.ts';
import { periodOf } from './limit-sample.ts';

/** When somebody wants to hear of a pool before it is dry. Null: not asked. */
export interface AlertRule {
  readonly id: string;
  /** Null: every pool, each by itself. */
  readonly pool: string | null;
  readonly belowPercent: number | null;
  readonly etaBelowMs: number | null;
}

export const ALERT_KINDS = [
  'pool_running_low',
  'pool_exhausted',
  'pool_recovered',
  'funds_exhausted',
  'credential_dead',
  'price_unknown',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Something to tell, once. Names and numbers only. */
export interface AlertRaised {
  readonly kind: AlertKind;
  /** What it is about, and stays silent about until it is over: `pool:chat`, `node:openai/org-1`. */
  readonly subject: string;
  /** The rule that asked; empty for what is always told. */
  readonly rule: string;
  /** Null where it is about a key or a domain. */
  readonly pool: string | null;
  /** One sentence. */
  readonly message: string;
}

/** What became of alerts since the last look. */
export interface AlertChanges {
  readonly raised: readonly AlertRaised[];
  /** Subjects and kinds that are over: they may be raised again. */
  readonly ended: readonly {
    readonly kind: AlertKind;
    readonly subject: string;
    readonly rule: string;
  }[];
}

/** What is over has to stay over for so long before it may be told again: what flaps is told once. */
const HOLD_MS = 60_000;
/** How far above its threshold a percentage, and an ETA, has to come back. */
const PERCENT_MARGIN = 5;
const ETA_FACTOR = 1.5;
const HOUR = 3_600_000;

/** Use of targets whose price is not known. */
export interface UnpricedUse {
  /** Since the start. */
  readonly attempts: number;
  /** `provider/model` of the targets in force that have no price. */
  readonly targets: readonly string[];
}

const NO_USE: UnpricedUse = { attempts: 0, targets: [] };
/** Targets that a message names. */
const MOST_NAMED = 5;

interface Active {
  readonly kind: AlertKind;
  readonly subject: string;
  readonly rule: string;
  /** Since when it has been well; null while it is not. */
  wellSince: number | null;
}

interface Finding extends AlertRaised {
  /** `bad` raises; `between` keeps whatever is; `well` counts towards its end. */
  readonly level: 'bad' | 'between' | 'well';
}

/**
 * Decides what to tell: each thing once, and again only after it was over for a minute, with a margin. Holds nothing but what is raised
 * at present.
 */
export class AlertBook {
  readonly #active = new Map<string, Active>();
  /** Scopes whose account is out of money or whose credential is refused, until when. */
  readonly #cooled = new Map<string, CooldownChange>();

  #unpriced: UnpricedUse = NO_USE;
  /** Attempts that were there when it was last looked at. */
  #attemptsSeen = 0;

  /** What an earlier run had raised and not ended. */
  restore(active: readonly { kind: AlertKind; subject: string; rule: string }[]): void {
    for (const each of active) this.#active.set(nameOf(each), { ...each, wellSince: null });
  }

  /** Cooldowns as they are set and cleared. */
  noteCooldowns(changes: readonly CooldownChange[]): void {
    for (const change of changes) {
      const name = `${change.class}\n${change.scopeId}`;
      if (change.action === 'cleared') this.#cooled.delete(name);
      else if (change.class === 'funds_exhausted' || change.class === 'credential_dead') {
        this.#cooled.set(name, change);
      }
    }
  }

  /** How much was sent to targets without a price, and which there are. */
  noteUnpriced(use: UnpricedUse): void {
    this.#unpriced = use;
  }

  look(
    rules: readonly AlertRule[],
    pools: readonly PoolForecast[],
    at: { readonly now: number; readonly wallNow: number },
  ): AlertChanges {
    const findings = [...this.#cooldownFindings(at.wallNow), this.#priceFinding()];
    for (const pool of pools) {
      findings.push(exhaustion(pool));
      for (const rule of rules) {
        if (rule.pool === null || rule.pool === pool.pool) findings.push(runningLow(rule, pool));
      }
    }
    return this.#settle(findings, at.now);
  }

  #cooldownFindings(wallNow: number): Finding[] {
    const findings: Finding[] = [];
    for (const [name, change] of this.#cooled) {
      const over = change.endsAt <= wallNow;
      if (over) this.#cooled.delete(name);
      const kind = change.class === 'funds_exhausted' ? 'funds_exhausted' : 'credential_dead';
      const said = change.evidence === '' ? '' : ` (${change.evidence})`;
      const what =
        kind === 'funds_exhausted' ? 'is out of money or at its spend limit' : 'is not accepted';
      findings.push({
        kind,
        subject: change.scopeId,
        rule: '',
        pool: null,
        message: `${change.scopeId} ${what}${said}.`,
        level: over ? 'well' : 'bad',
      });
    }
    return findings;
  }

  /** It is over when every target has a price, not when nobody calls for a minute. */
  #priceFinding(): Finding {
    const { attempts, targets } = this.#unpriced;
    const used = attempts > this.#attemptsSeen;
    this.#attemptsSeen = attempts;
    const named = targets.slice(0, MOST_NAMED).join(', ');
    const more = targets.length > MOST_NAMED ? ` and ${targets.length - MOST_NAMED} more` : '';
    return {
      kind: 'price_unknown',
      subject: 'prices',
      rule: '',
      pool: null,
      message: `Calls were made whose cost is not known. Without a price: ${named}${more}.`,
      level: targets.length === 0 ? 'well' : used ? 'bad' : 'between',
    };
  }

  #settle(findings: readonly Finding[], now: number): AlertChanges {
    const raised: AlertRaised[] = [];
    const ended: Active[] = [];
    const seen = new Map(findings.map((finding) => [nameOf(finding), finding]));
    for (const [name, { level, ...alert }] of seen) {
      const active = this.#active.get(name);
      if (active === undefined) {
        if (level !== 'bad') continue;
        const { kind, subject, rule } = alert;
        this.#active.set(name, { kind, subject, rule, wellSince: null });
        raised.push(alert);
      } else if (level !== 'well') active.wellSince = null;
    }
    for (const [name, active] of this.#active) {
      const level = seen.get(name)?.level ?? 'well';
      if (level !== 'well') continue;
      active.wellSince ??= now;
      if (now - active.wellSince < HOLD_MS) continue;
      this.#active.delete(name);
      ended.push(active);
      // A pool that was removed did not recover.
      if (active.kind === 'pool_exhausted' && seen.has(name))
        raised.push(recovered(active.subject));
    }
    return { raised, ended: ended.map(({ kind, subject, rule }) => ({ kind, subject, rule })) };
  }
}

const nameOf = (of: { readonly kind: string; readonly subject: string; readonly rule: string }) =>
  `${of.kind}\n${of.rule}\n${of.subject}`;

function exhaustion({ pool, eligible, candidates }: PoolForecast): Finding {
  return {
    kind: 'pool_exhausted',
    subject: `pool:${pool}`,
    rule: '',
    pool,
    message: `Pool ${pool} has no key that can serve (${candidates} candidates).`,
    level: eligible === 0 ? 'bad' : 'well',
  };
}

function recovered(subject: string): AlertRaised {
  const pool = subject.slice('pool:'.length);
  const message = `Pool ${pool} serves again.`;
  return { kind: 'pool_recovered', subject, rule: '', pool, message };
}

/**
 * Limits per second and minute come back by themselves; that they are used up for a moment is no news. Limits where some domain tells
 * nothing do not end the pool.
 */
function runningLow(rule: AlertRule, { pool, dimensions }: PoolForecast): Finding {
  const long = dimensions.filter(({ dimension, domains }) => {
    const period = periodOf(dimension);
    const lasting = period === null ? dimension !== 'concurrency' : period >= HOUR;
    return lasting && domains.known >= domains.all;
  });
  const least = long.toSorted((a, b) => a.percentLeft - b.percentLeft)[0];
  const percent = least?.percentLeft ?? 100;
  const eta = Math.min(...long.map(({ exhaustsInMs }) => exhaustsInMs ?? Infinity));
  const below = rule.belowPercent ?? -Infinity;
  const soon = rule.etaBelowMs ?? -Infinity;
  const bad = percent < below || eta < soon;
  const well = percent >= Math.min(100, below + PERCENT_MARGIN) && eta >= soon * ETA_FACTOR;
  return {
    kind: 'pool_running_low',
    subject: `pool:${pool}`,
    rule: rule.id,
    pool,
    message: lowMessage(pool, percent < below ? (least?.dimension ?? '') : '', { percent, eta }),
    level: bad ? 'bad' : well ? 'well' : 'between',
  };
}

function lowMessage(
  pool: string,
  dimension: string,
  { percent, eta }: { readonly percent: number; readonly eta: number },
): string {
  if (dimension !== '') {
    return `Pool ${pool} has ${Math.floor(percent)} % of ${dimension} left.`;
  }
  return `Pool ${pool} is expected to run dry in ${Math.ceil(eta / 60_000)} min.`;
}
