import type { Failure } from '@keywell/core/keys/outcome';
import type { Verdict } from '@keywell/core/keys/verdict';
import { ofObject } from '../ownership/judge-object.ts';
import { ofPassed } from '../passthrough/judge-passed.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { HeaderOf } from '../seam/outbound.ts';
import type { UpstreamTarget } from './upstream-target.ts';

/** As much of a failed answer as the classifier reads. */
export const MAX_FAILURE_BYTES = 64 * 1024;

/** How an attempt ended, as far as it was seen. */
interface Seen {
  /** 0 where no head came. */
  readonly status: number;
  readonly failure: Failure | null;
  readonly header: HeaderOf;
  readonly body: Uint8Array;
  readonly wallNow: number;
}

/** What an attempt's end says: by its vendor's table, and by what was asked for where that is no model's call. */
export function classify(
  { asks }: Pick<Exchange, 'asks'>,
  { vendor }: Pick<UpstreamTarget, 'vendor'>,
  { status, failure, header, body, wallNow }: Seen,
): Verdict {
  // That a connection was closed while it was idle is likely, and not certain.
  const unsure = failure === 'reset_reused' && asks?.kind === 'passed' && !asks.repeatable;
  const verdict = vendor.classify({
    status,
    failure: unsure ? 'reset_after_sent' : failure,
    header,
    body: decodeBounded(body),
    wallNow,
  });
  if (asks === null) return verdict;
  if (asks.kind === 'passed') return ofPassed(verdict, status);
  return ofObject(verdict, { status, failure, makes: asks.object === null });
}

function decodeBounded(body: Uint8Array): string {
  const bytes = body.byteLength > MAX_FAILURE_BYTES ? body.subarray(0, MAX_FAILURE_BYTES) : body;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
