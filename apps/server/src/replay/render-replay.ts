import type { Period } from './period.ts';
import type { ReplayResult } from './run-replay.ts';
import type { Tally } from './tally.ts';

const WAIT_SHARES = [0.5, 0.9, 0.99] as const;
const MAX_PROVIDERS = 20;

/** Both sides beside each other, and what to know about the figures. */
export function renderReplay(result: ReplayResult, period: Period, config: string): string {
  const { happened, virtual } = result;
  const rows: readonly (readonly [string, string, string])[] = [
    ['', 'HAPPENED', 'REPLAYED'],
    ...(
      [
        ['requests', (of) => count(of.requests)],
        ['answered', (of) => share(of.answered, of.requests)],
        ['refused: no key left', (of) => count(of.dry)],
        ["refused: consumer's own limit", (of) => count(of.consumerLimit)],
        ['refused: larger than any limit', (of) => count(of.tooLarge)],
        ['refused: model not configured', (of) => count(of.notConfigured)],
        ['failed otherwise', (of) => count(of.failed)],
        ['had to wait', (of) => count(of.waited)],
        ['wait p50 / p90 / p99', waits],
        ['attempts at providers', (of) => count(of.attempts)],
        ['attempts refused', (of) => known(of.refusedAttempts)],
        ['of these wasted', (of) => known(of.wastedAttempts)],
        ['cost', cost],
      ] as const satisfies readonly (readonly [string, (of: Tally) => string])[]
    ).map(([name, of]) => [name, of(happened), of(virtual)] as const),
    ...providerRows(happened, virtual),
  ];
  const head = `${showAt(period.from)} to ${showAt(period.to)} against ${config}`;
  return `${head}\n\n${table(rows)}\n${notes(result)}`;
}

/** The same as data, in snake_case. */
export function replayJson(result: ReplayResult, period: Period, config: string): object {
  const { declared, known, unlimited, unlimitedInAll } = result.limits;
  return {
    from: period.from,
    to: period.to,
    config,
    replayed: result.replayed,
    left_out: result.leftOut,
    guessed: result.guessed,
    limits: { declared, known, unlimited: unlimitedInAll, unlimited_names: unlimited },
    happened: sideJson(result.happened),
    replay: sideJson(result.virtual),
  };
}

function sideJson(of: Tally): object {
  const [p50, p90, p99] = WAIT_SHARES.map((each) => Math.round(of.waitAt(each)));
  return {
    requests: of.requests,
    answered: of.answered,
    refused_dry: of.dry,
    refused_consumer_limit: of.consumerLimit,
    refused_too_large: of.tooLarge,
    refused_not_configured: of.notConfigured,
    failed: of.failed,
    waited: of.waited,
    wait_ms: { sum: Math.round(of.waitMs), p50, p90, p99 },
    attempts: of.attempts,
    refused_attempts: of.refusedAttempts,
    wasted_attempts: of.wastedAttempts,
    cost_micros: of.priced === 0 ? null : Math.round(of.costMicros),
    cost_of_answers: of.priced,
    providers: of.providers(),
  };
}

const count = (amount: number): string => amount.toLocaleString('en-US');

const known = (amount: number | null): string => (amount === null ? 'not known' : count(amount));

function share(part: number, of: number): string {
  return of === 0 ? count(part) : `${count(part)} (${((100 * part) / of).toFixed(1)} %)`;
}

function waits(of: Tally): string {
  return WAIT_SHARES.map((each) => showMs(of.waitAt(each))).join(' / ');
}

function showMs(ms: number): string {
  if (ms === 0) return '0';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** What the priced answers cost; unknown where no price is. */
function cost({ costMicros, priced, answered }: Tally): string {
  if (priced === 0) return 'unknown';
  const amount = `$${(costMicros / 1e6).toFixed(2)}`;
  return priced === answered ? amount : `${amount} of ${count(priced)} answers`;
}

function providerRows(
  happened: Tally,
  virtual: Tally,
): readonly (readonly [string, string, string])[] {
  const [before, after] = [happened, virtual].map(
    (of) => new Map(of.providers().map(({ provider, answered }) => [provider, answered])),
  );
  const names = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])];
  return names
    .slice(0, MAX_PROVIDERS)
    .map((name) => [
      `answered by ${printable(name)}`,
      count(before?.get(name) ?? 0),
      count(after?.get(name) ?? 0),
    ]);
}

const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '·');

function table(rows: readonly (readonly [string, string, string])[]): string {
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  return rows
    .map(([name, before, after]) =>
      [
        name.padEnd(widths[0] ?? 0),
        before.padStart(widths[1] ?? 0),
        after.padStart(widths[2] ?? 0),
      ].join('  '),
    )
    .join('\n');
}

function notes({ leftOut, guessed, limits, happened, virtual }: ReplayResult): string {
  const lines = [
    `\nLimits: ${limits.declared} declared, ${limits.known} as the log's run was told, ${limits.unlimitedInAll} unlimited (domain#limit group).`,
  ];
  if (limits.unlimitedInAll > 0) {
    const more = limits.unlimitedInAll > limits.unlimited.length ? ', …' : '';
    lines.push(
      `Unlimited, since nothing is known of them: ${limits.unlimited.map(printable).join(', ')}${more}. Declare "limits" at their keys to try some.`,
    );
  }
  if (guessed > 0)
    lines.push(
      `${count(guessed)} requests with guessed sizes or durations: they had no answer, or no usage was reported.`,
    );
  if (happened.failed > 0)
    lines.push(
      `Providers are taken to answer whatever their limits admit: the ${count(happened.failed)} failures of the log do not happen again.`,
    );
  if (leftOut > 0)
    lines.push(`${count(leftOut)} records left out: no model, or a fault of the caller's own.`);
  if (happened.wastedAttempts === null)
    lines.push(
      'How attempts of the log ended is not known while the gateway runs: its API lists no timelines. Stop it, or replay a copy of the folder.',
    );
  if (virtual.priced < virtual.answered)
    lines.push(
      'Cost counts the answers whose target has a "price"; the others are unknown, not free.',
    );
  return `${lines.join('\n')}\n`;
}

const showAt = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
