import type { Instant } from '@keywell/core/keys/cooldown-changes';
import {
  movedScopes,
  moveCooldowns,
  renamed,
  type MovedScopes,
} from '@keywell/core/keys/moved-cooldowns';
import { placeAgain, restoreCooldowns } from '@keywell/core/keys/restore-cooldowns';
import type { KeyTable } from '@keywell/core/keys/key-table';
import type { CooldownChange, CooldownName } from '@keywell/core/keys/status';
import type { FromWorker } from '../worker/messages.ts';
import type { SharedState } from './shared-state.ts';

type Told = Omit<Extract<FromWorker, { readonly kind: 'cooled' }>, 'kind'>;

/** How soon a cooldown whose record was busy is put into the table. */
const PLACE_AGAIN_MS = 100;

/** What the main thread knows of cooldowns beside the table: their evidence, and the names they had before keys moved. */
export class CooldownNotes {
  /** By cooldown, see `keyOf`. */
  readonly #evidence: Map<string, string>;
  readonly #onChanged: (changes: readonly CooldownChange[]) => void;
  /** Names that the last publication took away because keys moved: workers may still tell of them. */
  #moved: MovedScopes = new Map();
  /** Looks after what waits for its record in the table that rules; null while nothing does. */
  #placing: NodeJS.Timeout | null = null;

  constructor(
    kept: readonly CooldownChange[],
    onChanged: (changes: readonly CooldownChange[]) => void,
  ) {
    this.#evidence = new Map(kept.map((change) => [keyOf(change), change.evidence]));
    this.#onChanged = onChanged;
  }

  /** Bound, so that it can be handed over as a function. */
  readonly evidenceOf = (cooldown: CooldownName): string =>
    this.#evidence.get(keyOf(cooldown)) ?? '';

  /** A new state succeeds another: cooldowns of domains whose keys moved go along, under their new names. */
  replaced(before: SharedState, state: SharedState, at: Instant): void {
    if (state.table.buffer === before.table.buffer) return;
    this.#moved = movedScopes(before.plan, state.plan);
    const move = { moved: this.#moved, at, evidenceOf: this.evidenceOf };
    this.note(moveCooldowns(before.table, state.table, move));
    const waited = before.table.unplaced.splice(0);
    const named = waited.flatMap((each) =>
      renamed(each.row, this.#moved).map((row) => ({ ...each, row })),
    );
    placeAgain(state.table, named);
    this.#placeSoon(state.table);
  }

  /** What an attempt of a replaced snapshot found out about a credential that is no more binds nothing and is not kept. */
  told(
    { changes, version, unplaced }: Told,
    { plan, table, tableSince }: SharedState,
    at: Instant,
  ): void {
    const named = changes.flatMap((change) => renamed(change, this.#moved));
    const current = named.filter(({ scopeId, fingerprint }) => {
      const known = plan.scopeById.get(scopeId)?.fingerprint ?? null;
      return known === null || fingerprint === undefined || fingerprint === known;
    });
    // The worker had not taken the present table over when it cooled these, or knows what they are about by a former name.
    const strays =
      version < tableSince ? current : current.filter((change) => !changes.includes(change));
    const late = version < tableSince ? [] : unplaced;
    if (strays.length > 0) restoreCooldowns(table, strays, at);
    if (late.length > 0) placeAgain(table, [...table.unplaced.splice(0), ...late]);
    if (strays.length + late.length > 0) this.#placeSoon(table);
    this.note(current);
  }

  #placeSoon(table: KeyTable): void {
    if (this.#placing !== null) clearTimeout(this.#placing);
    this.#placing = null;
    if (table.unplaced.length === 0) return;
    this.#placing = setTimeout(() => {
      placeAgain(table);
      this.#placeSoon(table);
    }, PLACE_AGAIN_MS).unref();
  }

  note(changes: readonly CooldownChange[]): void {
    if (changes.length === 0) return;
    this.#onChanged(changes.map((change) => this.#noteOne(change)));
  }

  /** What is put back after it was set aside comes without its evidence, and is told with it. */
  #noteOne(change: CooldownChange): CooldownChange {
    if (change.action === 'cleared') {
      if (change.setAside !== true) this.#evidence.delete(keyOf(change));
      return change;
    }
    const evidence = change.evidence === '' ? this.evidenceOf(change) : change.evidence;
    this.#evidence.set(keyOf(change), evidence);
    return { ...change, evidence };
  }
}

const keyOf = ({ scopeId, class: of, dimension }: CooldownName): string =>
  `${of} ${dimension} ${scopeId}`;
