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
/** Below this share of their own squared length columns are taken as multiples of each other. */
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

/** Sums of products of the columns time, own + other, other − own, and drop. */
interface Products {
  tt: number;
  ts: number;
  td: number;
  ty: number;
  ss: number;
  sd: number;
  sy: number;
  dd: number;
  dy: number;
  yy: number;
}

/**
 * Takes time, then the sum of both kinds of sends, out of everything; what is left of their difference carries the contrast. Null where
 * the columns do not stand apart.
 */
function leastSquares(intervals: readonly MergeInterval[]): Fit | null {
  const { tt, ts, td, ty, ss, sd, sy, dd, dy, yy } = productsOf(intervals);
  const part = (left: number, right: number): number => (tt > 0 ? (left * right) / tt : 0);
  const sumLeft = ss - part(ts, ts);
  if (!(sumLeft > LEAST_PIVOT * ss)) return null;
  const cross = sd - part(ts, td);
  const sumDrop = sy - part(ts, ty);
  const differenceLeft = dd - part(td, td) - (cross * cross) / sumLeft;
  if (!(differenceLeft > LEAST_PIVOT * (ss + dd))) return null;
  const differenceDrop = dy - part(td, ty) - (cross * sumDrop) / sumLeft;
  const differenceSlope = differenceDrop / differenceLeft;
  const sumSlope = (sumDrop - cross * differenceSlope) / sumLeft;
  const explained = (sumDrop * sumDrop) / sumLeft + differenceDrop * differenceSlope;
  const rest = Math.max(0, yy - part(ty, ty) - explained);
  const noise = Math.max(LEAST_VARIANCE, rest / (intervals.length - 3));
  return {
    own: sumSlope - differenceSlope,
    other: sumSlope + differenceSlope,
    variance: (4 * noise) / differenceLeft,
  };
}

function productsOf(intervals: readonly MergeInterval[]): Products {
  const sums: Products = { tt: 0, ts: 0, td: 0, ty: 0, ss: 0, sd: 0, sy: 0, dd: 0, dy: 0, yy: 0 };
  for (const { durationMs: time, own, other, drop } of intervals) {
    const [sum, difference] = [own + other, other - own];
    sums.tt += time * time;
    sums.ts += time * sum;
    sums.td += time * difference;
    sums.ty += time * drop;
    sums.ss += sum * sum;
    sums.sd += sum * difference;
    sums.sy += sum * drop;
    sums.dd += difference * difference;
    sums.dy += difference * drop;
    sums.yy += drop * drop;
  }
  return sums;
}
