/** What workers and the main thread say to each other about what consumers own at providers. */
import type { ObjectChange, ObjectKind, OwnedObject } from '@keywell/core/ownership/owned-object';

/** Names an object of the consumer who asks. */
export interface ObjectRef {
  readonly kind: ObjectKind;
  readonly id: string;
}

export type ToOwners =
  | {
      readonly kind: 'find';
      readonly question: number;
      readonly consumer: string;
      readonly refs: readonly ObjectRef[];
    }
  | {
      readonly kind: 'list';
      readonly question: number;
      readonly consumer: string;
      readonly of: ObjectKind;
    }
  /** Which of these are known to be other consumers' at that provider, and not the asking one's. */
  | {
      readonly kind: 'foreign';
      readonly question: number;
      readonly consumer: string;
      readonly provider: string;
      readonly ids: readonly string[];
    }
  /** Marks a batch as counted. */
  | {
      readonly kind: 'count';
      readonly question: number;
      readonly consumer: string;
      readonly id: string;
    }
  | { readonly kind: 'learned'; readonly change: ObjectChange }
  /** Several of one answer, which differ in their ids alone. */
  | {
      readonly kind: 'learned_many';
      readonly like: Omit<OwnedObject, 'id'>;
      readonly ids: readonly string[];
    };

export interface FromOwners {
  readonly question: number;
  /**
   * Of `find`: one for each that was asked about, null where the consumer has none of that name. Of `list`: the newest first. Of
   * `foreign`: what there is of them. Of `count`: the batch, for the one who is to count it; null for everybody else.
   */
  readonly found: readonly (OwnedObject | null)[];
}
