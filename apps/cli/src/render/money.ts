const MICROS = 1_000_000;

/** US dollars, to the micro: `$0.001234`. */
function showUsd(micros: number): string {
  return `$${(micros / MICROS).toFixed(6).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

/** What a request or an attempt cost. */
export function showCost(of: {
  readonly cost_micros: number | null;
  readonly cost_estimated: boolean;
}): string {
  if (of.cost_micros === null) return 'unknown';
  return `${of.cost_estimated ? '~' : ''}${showUsd(of.cost_micros)}`;
}

/** A price for a million tokens, in US dollars without the sign: `1.25`. */
export const showPrice = (micros: number): string => String(micros / MICROS);
