/** A path of the OpenAI API that is handled apart. */
import type { KeyOwner } from '../../provider-state.ts';
import type { Exchange } from '../dialect.ts';

/** A request to it whose key is known and whose body is read. */
export interface RoutedCall {
  readonly exchange: Exchange;
  readonly owner: KeyOwner;
  readonly bytes: Uint8Array;
  /** What the path's groups matched, decoded. */
  readonly parts: readonly string[];
}

export interface OwnRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: RegExp;
  /** As the call log names it. */
  readonly operation: string;
  readonly dialect: string;
  /** Answers in every case. */
  readonly handle: (call: RoutedCall) => void;
}
