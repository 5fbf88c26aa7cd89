import type { Dimension } from './verdict.ts';

/** What one response told about one limit. Null where the provider named no usable number (`-1` included). */
export interface LimitObservation {
  readonly dimension: Dimension;
  readonly limit: number | null;
  readonly remaining: number | null;
  /** From the response until the reset the provider named, milliseconds; whether that means "full again" depends on the provider. */
  readonly resetInMs: number | null;
  /** Which node of the domain tree the numbers belong to, where the header says so; absent: the node of the key. */
  readonly level?: 'organization' | 'project';
  /** What `resetInMs` means: everything is back by then, the window ends then, or this request would fit then. Absent: not known. */
  readonly reset?: 'full_again' | 'window_end' | 'this_request';
  /** How the limit refills, where the vendor's rules say so. Absent: not known, to be found out. */
  readonly refill?: 'continuous' | 'window';
  /** `header` and `body` are what a response said, `config` what an operator declared, `learned` what refusals taught. */
  readonly source: 'header' | 'body' | 'config' | 'learned';
}
