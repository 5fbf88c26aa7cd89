/** A scope's ramp in one cell: the millisecond in which it began, and above 0 how long it takes, in units. 0 for none. */
export const LONGEST_RAMP_MS = 30_000;
const UNITS = 512;
const UNIT_MS = LONGEST_RAMP_MS / (UNITS - 1);

export const packRamp = (at: number, lengthMs: number): number =>
  Math.floor(at) * UNITS + Math.min(UNITS - 1, Math.max(1, Math.round(lengthMs / UNIT_MS)));

export const rampAtIn = (ramp: number): number => Math.floor(ramp / UNITS);
export const rampMsIn = (ramp: number): number => (ramp % UNITS) * UNIT_MS;
