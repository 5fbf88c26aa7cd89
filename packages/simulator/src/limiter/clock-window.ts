/** A window that ends at an instant of the clock: every whole minute, or a calendar day or month somewhere. State is mutable, time is passed in. */
export interface ClockWindow {
  readonly kind: 'window';
  readonly limit: number;
  /** The end of the window that holds an instant; asked once a window. */
  readonly endOf: (at: number) => number;
  used: number;
  endsAt: number;
}

export function emptyWindow(limit: number, endOf: (at: number) => number, at: number): ClockWindow {
  return { kind: 'window', limit, endOf, used: 0, endsAt: endOf(at) };
}

/** Windows of so many milliseconds, counted from the epoch: a minute's begin at each whole minute of the clock. */
export const everyWhole =
  (windowMs: number) =>
  (at: number): number =>
    (Math.floor(at / windowMs) + 1) * windowMs;

/** Begins a new window when the last has ended. A clock that runs backwards begins none. */
function turn(window: ClockWindow, at: number): void {
  if (at < window.endsAt) return;
  window.used = 0;
  window.endsAt = window.endOf(at);
}

export function roomInWindow(window: ClockWindow, at: number): number {
  turn(window, at);
  return window.limit - window.used;
}

/** Milliseconds until `amount` fits; Infinity when it never will. */
export function msUntilWindowFits(window: ClockWindow, amount: number, at: number): number {
  if (amount > window.limit) return Infinity;
  return roomInWindow(window, at) >= amount ? 0 : window.endsAt - at;
}

/** Counts `amount`, whether or not it fits. */
export function countInWindow(window: ClockWindow, amount: number, at: number): void {
  turn(window, at);
  window.used += amount;
}
