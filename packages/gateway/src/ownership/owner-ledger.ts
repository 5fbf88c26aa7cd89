import {
  OBJECT_KINDS,
  type ObjectChange,
  type ObjectKind,
  type ObjectName,
  type OwnedObject,
} from '@keywell/core/ownership/owned-object';
import type { FromOwners, ToOwners } from './messages.ts';

/** Objects of a kind that are remembered, of all consumers together. */
const MOST_OBJECTS: Readonly<Record<ObjectKind, number>> = Object.freeze({
  file: 20_000,
  batch: 20_000,
  response: 100_000,
  item: 100_000,
});

/** Kinds whose ids a call that is passed through may name. */
const ASKED_KINDS: readonly ObjectKind[] = ['file', 'batch', 'response'];

type Question = Exclude<ToOwners, { kind: 'learned' | 'learned_many' }>;

export interface OwnerLedgerOptions {
  /** What was known when the node last ran, the oldest first. */
  readonly objects: readonly OwnedObject[];
  /** Keeps what became known; false when it could not be kept and has to come again. */
  readonly onChanged: (changes: readonly ObjectChange[]) => boolean;
  readonly tell: (worker: number, message: FromOwners) => void;
  readonly most?: Readonly<Record<ObjectKind, number>>;
}

/**
 * Who owns what at which provider: one ledger for the node, on the main thread, so that what one worker learned every other one knows.
 * Bounded: when there is too much of a kind, the oldest of whoever has most is forgotten, so that nobody can push out what is others'.
 */
export class OwnerLedger {
  readonly #onChanged: OwnerLedgerOptions['onChanged'];
  readonly #tell: OwnerLedgerOptions['tell'];
  readonly #shelves: ReadonlyMap<ObjectKind, Shelf>;
  /** The last word on each object that is not kept yet. */
  readonly #unkept = new Map<string, ObjectChange>();

  constructor({ objects, onChanged, tell, most = MOST_OBJECTS }: OwnerLedgerOptions) {
    this.#onChanged = onChanged;
    this.#tell = tell;
    this.#shelves = new Map(OBJECT_KINDS.map((kind) => [kind, new Shelf(most[kind])]));
    for (const object of objects) this.#apply({ action: 'keep', object });
    this.#unkept.clear();
  }

  onMessage(worker: number, message: ToOwners): void {
    if (message.kind === 'learned') {
      this.#apply(message.change);
      // Responses come with every call and can wait for the next turn; a file that was uploaded must not be lost.
      if (kindOf(message.change) !== 'response') this.keep();
      return;
    }
    if (message.kind === 'learned_many') {
      for (const id of message.ids) {
        this.#apply({ action: 'keep', object: { ...message.like, id } });
      }
      return;
    }
    this.#tell(worker, { question: message.question, found: this.#found(message) });
  }

  #found(message: Question): FromOwners['found'] {
    const { consumer } = message;
    switch (message.kind) {
      case 'list':
        return this.#shelf(message.of).all(consumer).toReversed();
      case 'find':
        return message.refs.map(({ kind, id }) => this.#shelf(kind).get(consumer, id));
      case 'count':
        return [this.#count(consumer, message.id)];
      default:
        return message.ids.flatMap((id) => this.#foreign(consumer, message.provider, id) ?? []);
    }
  }

  /** The first who asks is told it, and from then on it is counted. */
  #count(consumer: string, id: string): OwnedObject | null {
    const batch = this.#shelf('batch').get(consumer, id);
    if (batch === null || batch.counted === true) return null;
    this.#apply({ action: 'keep', object: { ...batch, counted: true } });
    this.keep();
    return batch;
  }

  #foreign(consumer: string, provider: string, id: string): OwnedObject | null {
    for (const kind of ASKED_KINDS) {
      const shelf = this.#shelf(kind);
      if (shelf.get(consumer, id) !== null) return null;
      const other = shelf.ofOthers(id, provider);
      if (other !== null) return other;
    }
    return null;
  }

  /** Hands over what has not been kept yet. */
  keep(): void {
    if (this.#unkept.size === 0) return;
    if (this.#onChanged([...this.#unkept.values()])) this.#unkept.clear();
  }

  #apply(change: ObjectChange): void {
    const shelf = this.#shelf(kindOf(change));
    if (change.action === 'drop') {
      if (shelf.drop(change.name)) this.#note(change.name, change);
      return;
    }
    const { kept, forgotten } = shelf.put(change.object);
    this.#note(kept, { action: 'keep', object: kept });
    if (forgotten !== null) this.#note(forgotten, { action: 'drop', name: nameOf(forgotten) });
  }

  #note({ consumer, kind, id }: ObjectName, change: ObjectChange): void {
    // Items come by the dozen, and most are never named again: only as long as the node runs.
    if (kind === 'item') return;
    this.#unkept.set(JSON.stringify([consumer, kind, id]), change);
  }

  #shelf(kind: ObjectKind): Shelf {
    const shelf = this.#shelves.get(kind);
    if (shelf === undefined) throw new Error(`there is no shelf for ${kind}`);
    return shelf;
  }
}

const kindOf = (change: ObjectChange): ObjectKind =>
  change.action === 'drop' ? change.name.kind : change.object.kind;

const nameOf = ({ kind, id, consumer }: OwnedObject): ObjectName => ({ kind, id, consumer });

/** Objects of one kind, by consumer, each consumer's oldest first. */
class Shelf {
  readonly #most: number;
  readonly #consumers = new Map<string, Map<string, OwnedObject>>();
  /** Who has something of that id; nearly always one. */
  readonly #holders = new Map<string, readonly string[]>();
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(consumer: string, id: string): OwnedObject | null {
    return this.#consumers.get(consumer)?.get(id) ?? null;
  }

  /** What any consumer has at a provider by an id. */
  ofOthers(id: string, provider: string): OwnedObject | null {
    for (const holder of this.#holders.get(id) ?? []) {
      const object = this.get(holder, id);
      if (object?.home.provider === provider) return object;
    }
    return null;
  }

  all(consumer: string): readonly OwnedObject[] {
    return [...(this.#consumers.get(consumer)?.values() ?? [])];
  }

  /** Keeps it, with what is known of it and not said again; gives what had to go for it. */
  put(object: OwnedObject): { readonly kept: OwnedObject; readonly forgotten: OwnedObject | null } {
    let own = this.#consumers.get(object.consumer);
    if (own === undefined) {
      own = new Map();
      this.#consumers.set(object.consumer, own);
    }
    const known = own.get(object.id);
    if (known === undefined) {
      this.#size += 1;
      this.#holders.set(object.id, [...(this.#holders.get(object.id) ?? []), object.consumer]);
    }
    const kept = known === undefined ? object : withKnown(object, known);
    own.set(object.id, kept);
    return { kept, forgotten: this.#size > this.#most ? this.#forgetOldest() : null };
  }

  drop({ consumer, id }: ObjectName): boolean {
    const own = this.#consumers.get(consumer);
    if (own?.delete(id) !== true) return false;
    this.#size -= 1;
    const holders = (this.#holders.get(id) ?? []).filter((each) => each !== consumer);
    if (holders.length > 0) this.#holders.set(id, holders);
    else this.#holders.delete(id);
    if (own.size === 0) this.#consumers.delete(consumer);
    return true;
  }

  #forgetOldest(): OwnedObject | null {
    let most: Map<string, OwnedObject> | null = null;
    for (const own of this.#consumers.values()) {
      if (most === null || own.size > most.size) most = own;
    }
    const [oldest] = most?.values() ?? [];
    if (oldest === undefined) return null;
    this.drop(oldest);
    return oldest;
  }
}

/** The last word on an object, with what was known of it and is not said again. */
function withKnown(object: OwnedObject, known: OwnedObject): OwnedObject {
  const { upstreamModel = known.upstreamModel, counted = known.counted } = object;
  return {
    ...object,
    createdAt: known.createdAt,
    json: object.json ?? known.json,
    ...(upstreamModel === undefined ? {} : { upstreamModel }),
    ...(counted === undefined ? {} : { counted }),
  };
}
