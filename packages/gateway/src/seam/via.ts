/** The pseudonym this gateway puts into `via` (RFC 9110 section 7.6.3), by which it knows itself again. */
export const VIA = '1.1 keywell';
