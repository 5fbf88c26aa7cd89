/** What providers keep on behalf of a caller and hand out an id for; `item` is one of a response's output. */
export const OBJECT_KINDS = ['file', 'batch', 'response', 'item'] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];
/** Kinds that can be asked for by a path of their own. */
export type AskedKind = Exclude<ObjectKind, 'item'>;

/** Where something is kept: it can be reached with a key of that quota domain, and with no other. */
export interface ObjectHome {
  /** Id of the provider. */
  readonly provider: string;
  /** Display path of the quota domain. */
  readonly domain: string;
  /** Fingerprint of the key it was made with: keys may be moved to another domain once their account is known. */
  readonly fingerprint: string;
}

/** A file, a batch, a stored response or an item of one, and whose it is. */
export interface OwnedObject {
  readonly kind: ObjectKind;
  /** As the provider named it. */
  readonly id: string;
  /** Id of the consumer, who alone may use it. */
  readonly consumer: string;
  readonly home: ObjectHome;
  /** The model by whose pool it was made. */
  readonly model: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** What the provider last said of it, to list it by; null where nothing is known, or it was too long to be kept. */
  readonly json: string | null;
  /** The model that a batch and its file are for, as the provider names it; absent where it is not known. */
  readonly upstreamModel?: string;
  /** There once what a batch cost has been counted. */
  readonly counted?: true;
}

/** Names one object of one consumer. */
export type ObjectName = Pick<OwnedObject, 'kind' | 'id' | 'consumer'>;

/** What became known of an object. */
export type ObjectChange =
  | { readonly action: 'keep'; readonly object: OwnedObject }
  | { readonly action: 'drop'; readonly name: ObjectName };

/** Whether text can be an object's id at all: what a provider may hand out and a path may hold as it is. */
export const isObjectId = (text: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9_.:~-]{0,255}$/.test(text);
