/** Limit headers that are not what they should be: missing, wrong, from a skewed clock, or no numbers at all. */
import type { FaultInput } from './fault-input.ts';
import type { FaultName } from './faults.ts';
import { NONSENSE } from './nonsense.ts';

const LIMIT = /ratelimit|^retry-after/i;
const REMAINING = /ratelimit.*remaining/i;
const RESET = /ratelimit.*reset/i;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T/;
/** Epoch milliseconds of this century. */
const EPOCH_MS = /^\d{13}$/;

const HALF = 0.5;
const HOUR = 3_600_000;

const NONSENSE_TEXT: Readonly<Record<(typeof NONSENSE)[number], string>> = {
  negative: '-17',
  huge: '99999999999999999999999999',
  nan: 'NaN',
  empty: '',
  year_9999: '9999-12-31T23:59:59Z',
};

type Change = (name: string, value: string) => string | null;

/** The answer's headers under the faults that touch them; flat name, value. */
export function disturbedHeaders(
  headers: readonly string[],
  shapes: readonly FaultInput[],
  sequence: number,
): readonly string[] {
  const changes = shapes.flatMap((fault): Change[] => {
    const change = CHANGES[fault.fault];
    return change === undefined ? [] : [change(fault, sequence)];
  });
  if (changes.length === 0) return headers;
  const changed: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    let value: string | null = headers[at + 1] ?? '';
    for (const change of changes) value = value === null ? null : change(name, value);
    if (value !== null) changed.push(name, value);
  }
  return changed;
}

const CHANGES: Partial<Record<FaultName, (fault: FaultInput, sequence: number) => Change>> = {
  no_headers: () => (name, value) => (LIMIT.test(name) ? null : value),
  lying_headers: (fault) => (name, value) =>
    REMAINING.test(name) ? String(Math.round(Number(value) * (fault.factor ?? HALF))) : value,
  skewed_clock: (fault) => (name, value) => skewed(name, value, skewOf(fault)),
  nonsense_headers: (fault, sequence) => {
    const kind = fault.nonsense ?? NONSENSE[sequence % NONSENSE.length] ?? 'nan';
    return (name, value) => (LIMIT.test(name) ? NONSENSE_TEXT[kind] : value);
  },
};

const skewOf = ({ skewMs }: FaultInput): number => skewMs ?? HOUR;

/** How far the provider's clock is off under these faults, milliseconds. */
export const skewIn = (shapes: readonly FaultInput[]): number =>
  shapes.reduce((sum, fault) => sum + (fault.fault === 'skewed_clock' ? skewOf(fault) : 0), 0);

/** The provider's clock is wrong: its date, and every instant it names. Durations stay right. */
function skewed(name: string, value: string, skewMs: number): string {
  if (name === 'date') return new Date(Date.parse(value) + skewMs).toUTCString();
  if (!RESET.test(name)) return value;
  if (EPOCH_MS.test(value)) return String(Number(value) + skewMs);
  if (!RFC_3339.test(value)) return value;
  return new Date(Date.parse(value) + skewMs).toISOString().replace('.000Z', 'Z');
}
