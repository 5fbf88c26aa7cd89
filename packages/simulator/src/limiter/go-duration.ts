/**
 * A duration as Go prints it, the form of OpenAI's `x-ratelimit-reset-*` and of "Please try again in …": `0s`, `6ms`, `8.64s`, `7m12s`,
 * `1h0m3.5s`. Rounded up to a whole millisecond, so that it never names an instant that is too early.
 */
export function goDuration(ms: number): string {
  const whole = Math.ceil(Math.max(0, ms) - 1e-6);
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = (whole % 60_000) / 1000;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  if (minutes > 0) return `${minutes}m${seconds}s`;
  return `${seconds}s`;
}
