const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in at most two units: `840 ms`, `2.4 s`, `2m 14s`, `3h 5m`, `2d 4h`. */
export function showDuration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  return showCountdown(ms);
}

/** Time left, in whole seconds rounded up so that it never says 0s while something is still closed: `8s`, `2m 14s`. */
export function showCountdown(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms / SECOND)) * SECOND;
  if (whole < MINUTE) return `${whole / SECOND}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m ${(whole % MINUTE) / SECOND}s`;
  const minutes = Math.ceil(whole / MINUTE) * MINUTE;
  if (minutes < DAY) return `${Math.floor(minutes / HOUR)}h ${(minutes % HOUR) / MINUTE}m`;
  const hours = Math.ceil(whole / HOUR) * HOUR;
  return `${Math.floor(hours / DAY)}d ${(hours % DAY) / HOUR}h`;
}

/** An instant as `2026-11-23 18:20:05Z`. */
export function showInstant(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '–';
  return `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** Bytes as `812 B`, `1.2 kB`, `3.4 MB`. */
export function showBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
