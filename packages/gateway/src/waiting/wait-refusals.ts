/** Why a call that was ready to wait was refused; label values of a metric. */
export const WAIT_REFUSALS = ['projection', 'full', 'deadline', 'displaced'] as const;
export type WaitRefusal = (typeof WAIT_REFUSALS)[number];
