/**
 * Whether two keys draw on one bucket, judged from what the provider says is left. Keys that are balanced fall together even when
 * nothing joins them, and so do keys that others use at the same busy hours; only a fall that follows what the *other* key sent, over
 * and above what its own sends explain, tells.
 */

/** Between two answers to one key: how far its remaining fell, and what was sent meanwhile. */
export interface MergeInterval {
  readonly durationMs: number;
  /** Requests by which the key's remaining fell; negative where it rose. */
  readonly drop: number;
  /** Requests sent with the key itself. */
  readonly own: number;
  /** Requests sent with the other key. */
  readonly other: number;
}

/** What the intervals say. */
export interface MergeEvidence {
  readonly observations: number;
  /** Requests the key's remaining falls by for each that the other one sends; null where the intervals do not tell. */
  readonly slope: number | null;
  /** 1 where both draw on one bucket, 0 where they do not; with its standard error. */
  readonly contrast: number;
  readonly standardError: number;
  /** Whether it is clear enough to be suggested. */
  readonly shared: boolean;
  /** Whether it is clear that they do not share. */
  readonly apart: boolean;
}

/** Fewer observations never suggest anything. */
export const LEAST_OBSERVATIONS = 20;
/** How many standard errors the contrast has to be away from the middle. */
const CLEAR = 4;
const MIDDLE = 0.5;
/** Counts are whole numbers: rounding alone has this variance. */
const LEAST_VARIANCE = 1 / 12;
/** Below this share of their own length columns are taken as multiples of each other. */
const LEAST_PIVOT = 1e-6;

const UNCLEAR = { slope: null, contrast: 0, standardError: Infinity, shared: false, apart: false };

/**
 * Least squares of the drop on the key's own sends, the other's sends, and time (which takes up refills and use from outside). Where
 * both draw on one bucket, the two kinds of sends count alike: 1 and 1. Where they do not, the own ones count 1 and the other's 0. Use
 * from outside that rises and falls with the traffic adds the same to both. So it is their difference that decides: slope(other) −
 * slope(own) + 1. Sends that are always proportional to each other tell nothing, and nothing is suggested.
 */
export function judgeMerge(intervals: readonly MergeInterval[]): MergeEvidence {
  const observations = intervals.length;
  const fit = observations < LEAST_OBSERVATIONS ? null : leastSquares(intervals);
  if (fit === null) return { observations, ...UNCLEAR };
  const { own, other, variance } = fit;
  const contrast = other - own + 1;
  const standardError = Math.sqrt(variance);
  // With an upper bound too, whatever is clear is at least six standard errors away from what two buckets give.
  const plausible = other > MIDDLE && contrast < 2 - MIDDLE;
  return {
    observations,
    slope: other,
    contrast,
    standardError,
    shared: plausible && contrast - CLEAR * standardError > MIDDLE,
    apart: contrast + CLEAR * standardError < MIDDLE,
  };
}

interface Fit {
  readonly own: number;
  readonly other: number;
  /** Variance of `other − own`. */
  readonly variance: number;
}

/** Gram–Schmidt on three columns; null where they do not stand apart. */
function leastSquares(intervals: readonly MergeInterval[]): Fit | null {
  const time = intervals.map(({ durationMs }) => durationMs);
  const own = intervals.map((each) => each.own);
  const other = intervals.map((each) => each.other);
  const drop = intervals.map((each) => each.drop);
  const [sum, difference] = [plus(own, other, 1), plus(other, own, -1)];
  // In the basis (sum, difference) the contrast is twice the second slope, plus one: that column goes last.
  const sumLeft = without(sum, [time]);
  const differenceLeft = without(without(difference, [time]), [sumLeft]);
  const firm =
    dot(sumLeft, sumLeft) > LEAST_PIVOT * dot(sum, sum) &&
    dot(differenceLeft, differenceLeft) > LEAST_PIVOT * (dot(own, own) + dot(other, other));
  if (!firm) return null;
  const differenceSlope = slopeOn(differenceLeft, drop);
  const afterDifference = plus(drop, difference, -differenceSlope);
  const sumSlope = slopeOn(sumLeft, afterDifference);
  const rest = without(plus(afterDifference, sum, -sumSlope), [time]);
  const freedom = intervals.length - 3;
  const noise = Math.max(LEAST_VARIANCE, dot(rest, rest) / freedom);
  return {
    own: sumSlope - differenceSlope,
    other: sumSlope + differenceSlope,
    variance: (4 * noise) / dot(differenceLeft, differenceLeft),
  };
}

const dot = (left: readonly number[], right: readonly number[]): number =>
  left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);

const plus = (left: readonly number[], right: readonly number[], times: number): number[] =>
  left.map((value, at) => value + times * (right[at] ?? 0));

const slopeOn = (column: readonly number[], values: readonly number[]): number => {
  const length = dot(column, column);
  return length > 0 ? dot(column, values) / length : 0;
};

/** What of a column the others do not explain; they must be at right angles to each other. */
const without = (column: readonly number[], others: readonly (readonly number[])[]): number[] =>
  others.reduce((left: number[], each) => plus(left, each, -slopeOn(each, left)), [...column]);
