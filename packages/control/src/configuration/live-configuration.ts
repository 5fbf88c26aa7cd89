/**
 * The configuration of a running node: what is in force, what the file says, and how the one becomes the other. One change at a time;
 * a file with any problem changes nothing.
 */
import { dirname } from 'node:path';
import type { Config } from '@keywell/contract/config/config-schema';
import { showPath } from '@keywell/contract/config/config-problem';
import type { KnownAccount } from '@keywell/core/keys/account';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import type { DataPlane } from '../ports/data-plane.ts';
import type { ConsumerStore, SecretSealer, SnapshotStore } from '../ports/stores.ts';
import {
  type CompileInput,
  declaredDomains,
  fingerprintOf,
  withAccounts,
  withConsumers,
} from './compile.ts';
import { type FileContent, readConfigFile } from './config-file.ts';
import { type Change, diffSnapshots } from './diff.ts';
import { decodeLastGood, encodeLastGood } from './last-good.ts';
import { type LoadedConfig, buildConfig, loadConfig } from './load-config.ts';
import { type Problem, fileProblem } from './problem.ts';
import { createSecretResolver, secretFiles } from './secret-references.ts';
import { SlotAllocator } from './slot-allocator.ts';
import type { WatchFiles } from './watch-files.ts';

export interface LiveConfigurationOptions {
  /** Absolute path of the configuration file. */
  readonly file: string;
  /** True when the operator named the file: then its absence is a mistake and never means the fallback. */
  readonly required: boolean;
  /** The configuration to run with where no file exists and none ever did. */
  readonly fallback: () => unknown;
  readonly consumers: Pick<ConsumerStore, 'list'>;
  /** Accounts that responses have named for credentials so far. */
  readonly accounts?: () => readonly KnownAccount[];
  readonly snapshots: SnapshotStore;
  readonly sealer: SecretSealer;
  /** Reader of the environment, for `env:` references. */
  readonly env: (name: string) => string | undefined;
  readonly watch: WatchFiles;
  /** Wall clock, epoch milliseconds. */
  readonly wallNow: () => number;
  readonly onEvent: (event: ConfigurationEvent) => void;
}

/** What the operator should hear of. */
export type ConfigurationEvent =
  | { readonly kind: 'published'; readonly version: number; readonly changes: number }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | { readonly kind: 'warned'; readonly warnings: readonly Problem[] }
  /** The file is broken or gone, and the node starts from what it ran with before. */
  | {
      readonly kind: 'started_from_last_good';
      readonly savedAt: number;
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'not_saved'; readonly reason: string };

export type LoadOutcome =
  | {
      readonly ok: true;
      readonly source: ConfigurationState['source'];
      readonly snapshot: Snapshot;
      /** Settings that take effect at a start only. */
      readonly log: Config['log'];
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export type ReloadOutcome =
  | {
      readonly ok: true;
      readonly version: number;
      readonly hash: string;
      readonly changes: readonly Change[];
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ConfigurationState {
  readonly file: string;
  /** Where what is in force came from. */
  readonly source: 'file' | 'last_good' | 'fallback';
  readonly version: number;
  readonly hash: string;
  /** Wall clock, epoch milliseconds. */
  readonly loadedAt: number;
  /** What is wrong with the file as it is now; empty when it is what is in force. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

interface InForce {
  readonly source: ConfigurationState['source'];
  readonly config: Config;
  readonly snapshot: Snapshot;
  readonly loadedAt: number;
  readonly warnings: readonly Problem[];
}

/** Loads, watches and publishes the configuration. `load` once, then `serve`; `stop` at the end. */
export class LiveConfiguration {
  readonly #options: LiveConfigurationOptions;
  readonly #slots = new SlotAllocator();
  #inForce: InForce | null = null;
  #problems: readonly Problem[] = [];
  #version = 0;
  #dataPlane: Pick<DataPlane, 'publish'> | null = null;
  #unwatch: (() => void) | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LiveConfigurationOptions) {
    this.#options = options;
  }

  /** Finds something to start with: the file, else the last good configuration, else (where no file ever was) the fallback. */
  async load(): Promise<LoadOutcome> {
    const saved = await this.#options.snapshots.latest();
    this.#version = saved?.version ?? 0;
    const content = readConfigFile(this.#options.file);
    if (content.kind === 'missing' && saved === null) return this.#loadFallback();
    const loaded = await this.#read(content);
    if (loaded.ok) return this.#start(loaded, 'file');
    this.#problems = loaded.problems;
    if (saved === null) return loaded;
    const restored = await this.#restore(saved.text);
    if (!restored.ok) return { ok: false, problems: [...loaded.problems, ...restored.problems] };
    const { problems } = loaded;
    this.#options.onEvent({ kind: 'started_from_last_good', savedAt: saved.savedAt, problems });
    return this.#start(restored, 'last_good');
  }

  /** From here on what changes is published there, and the file is watched. */
  serve(dataPlane: Pick<DataPlane, 'publish'>): void {
    this.#dataPlane = dataPlane;
    this.#unwatch?.();
    this.#unwatch = this.#options.watch(
      () => this.#watched(),
      () => void this.reload(), // it reports by events and never rejects
    );
  }

  /** Reads the file again and publishes what changed; with any problem nothing changes. Never rejects. */
  reload(): Promise<ReloadOutcome> {
    return this.#inTurn(async () => {
      const outcome = await this.#reload().catch((error: unknown): ReloadOutcome => {
        const problem = this.#problem(messageOf(error), 'See the log, and reload again.');
        return { ok: false, problems: [problem] };
      });
      this.#problems = outcome.ok ? [] : outcome.problems;
      if (!outcome.ok) this.#options.onEvent({ kind: 'refused', problems: outcome.problems });
      else if (outcome.warnings.length > 0)
        this.#options.onEvent({ kind: 'warned', warnings: outcome.warnings });
      return outcome;
    });
  }

  /** What publishing a text (or, without one, the file as it is now) would change. Changes nothing. */
  async compare(text: string | null): Promise<ReloadOutcome> {
    const current = this.#current();
    const content: FileContent =
      text === null
        ? readConfigFile(this.#options.file)
        : { kind: 'read', bytes: new TextEncoder().encode(text) };
    const loaded = await this.#read(content, () => ({ slot: 0, generation: 0 }));
    if (!loaded.ok) return loaded;
    const { version, hash } = current.snapshot;
    const changes = diffSnapshots(current.snapshot, loaded.snapshot);
    return { ok: true, version, hash, changes, warnings: loaded.warnings };
  }

  /** Puts the consumers of the store in force at once. Rejects when the workers do not take the snapshot. */
  refreshConsumers(): Promise<void> {
    return this.#refresh(async ({ snapshot, config }, version) =>
      withConsumers(snapshot, config, {
        storedConsumers: await this.#options.consumers.list(),
        slotOf: (consumer) => this.#slots.slotOf(consumer),
        version,
      }),
    );
  }

  /** Places the keys by the accounts that are known now, without a look at the file. Rejects as `refreshConsumers` does. */
  refreshDomains(): Promise<void> {
    return this.#refresh(async ({ snapshot, config }, version) =>
      withAccounts(snapshot, config, { accounts: this.#accounts(), version }),
    );
  }

  /** The providers in force with their keys where the file puts them, whatever responses said. */
  declaredProviders(): Snapshot['providers'] {
    const { snapshot, config } = this.#current();
    return declaredDomains(snapshot.providers, config);
  }

  /** The snapshot in force. Throws before `load` found one. */
  snapshot(): Snapshot {
    return this.#current().snapshot;
  }

  state(): ConfigurationState {
    const { source, snapshot, loadedAt, warnings } = this.#current();
    const { version, hash } = snapshot;
    const { file } = this.#options;
    return { file, source, version, hash, loadedAt, warnings, problems: this.#problems };
  }

  /** Ends the watching and waits for a change that is on its way. */
  async stop(): Promise<void> {
    this.#unwatch?.();
    this.#unwatch = null;
    await this.#turn;
  }

  async #reload(): Promise<ReloadOutcome> {
    const current = this.#current();
    const content = readConfigFile(this.#options.file);
    if (content.kind === 'missing' && current.source === 'fallback') return unchanged(current);
    const loaded = await this.#read(content);
    if (!loaded.ok) {
      this.#keepSeats();
      return loaded;
    }
    const changes = diffSnapshots(current.snapshot, loaded.snapshot);
    const { config, warnings } = loaded;
    const loadedAt = this.#options.wallNow();
    const next = { source: 'file' as const, config, warnings, loadedAt };
    if (loaded.snapshot.hash === current.snapshot.hash) {
      this.#inForce = { ...next, snapshot: current.snapshot };
      this.#keepSeats();
    } else {
      try {
        await this.#publish({ ...next, snapshot: loaded.snapshot });
      } catch (error) {
        this.#keepSeats();
        return { ok: false, problems: [this.#problem(messageOf(error), 'See the log.')] };
      }
    }
    await this.#save();
    const { version, hash } = this.#current().snapshot;
    return { ok: true, version, hash, changes, warnings };
  }

  #refresh(make: (current: InForce, version: number) => Promise<Snapshot>): Promise<void> {
    return this.#inTurn(async () => {
      const current = this.#current();
      const snapshot = await make(current, this.#version + 1);
      if (snapshot.hash !== current.snapshot.hash) await this.#publish({ ...current, snapshot });
    });
  }

  async #publish(next: InForce): Promise<void> {
    const before = this.#current().snapshot;
    await this.#dataPlane?.publish(next.snapshot);
    this.#version = next.snapshot.version;
    this.#inForce = next;
    this.#keepSeats();
    const changes = diffSnapshots(before, next.snapshot).length;
    this.#options.onEvent({ kind: 'published', version: this.#version, changes });
  }

  async #loadFallback(): Promise<LoadOutcome> {
    if (this.#options.required)
      return {
        ok: false,
        problems: [this.#problem('The file does not exist.', 'Check the path after --config.')],
      };
    const built = buildConfig(this.#options.fallback(), await this.#input());
    if (!built.ok)
      return { ok: false, problems: built.problems.map((each) => this.#unplaced(each)) };
    const { config, snapshot } = built;
    return this.#start({ ok: true, config, snapshot, warnings: [] }, 'fallback');
  }

  async #restore(saved: string): Promise<LoadedConfig> {
    const decoded = decodeLastGood(saved, this.#options.sealer);
    const hint = 'Correct the configuration file; the last good one cannot stand in for it.';
    if (!decoded.ok) {
      const message = `The last good configuration cannot be used: ${decoded.message}.`;
      return { ok: false, problems: [this.#problem(message, hint)] };
    }
    const built = buildConfig(decoded.value, await this.#input());
    if (built.ok) return { ...built, warnings: [] };
    return { ok: false, problems: built.problems.map((each) => this.#unplaced(each)) };
  }

  async #start(
    loaded: LoadedConfig & { ok: true },
    source: ConfigurationState['source'],
  ): Promise<LoadOutcome> {
    const { config, snapshot, warnings } = loaded;
    this.#version = snapshot.version;
    this.#inForce = { source, config, snapshot, warnings, loadedAt: this.#options.wallNow() };
    this.#keepSeats();
    if (source === 'file') await this.#save();
    if (warnings.length > 0) this.#options.onEvent({ kind: 'warned', warnings });
    return { ok: true, source, snapshot, log: config.log, warnings };
  }

  async #read(content: FileContent, slotOf?: CompileInput['slotOf']): Promise<LoadedConfig> {
    if (content.kind === 'refused') return { ok: false, problems: [content.problem] };
    if (content.kind === 'missing')
      return {
        ok: false,
        problems: [this.#missing()],
      };
    const input = await this.#input();
    return loadConfig(
      content.bytes,
      this.#options.file,
      slotOf === undefined ? input : { ...input, slotOf },
    );
  }

  #missing(): Problem {
    if (this.#inForce?.source === 'fallback')
      return this.#problem(
        'There is no file yet; what answers is simulated.',
        'Write it, or name another one.',
      );
    return this.#problem(
      'The file does not exist any more; what ran last stays in force.',
      'Put it back.',
    );
  }

  async #input(): Promise<CompileInput> {
    return {
      resolveSecret: createSecretResolver({
        env: this.#options.env,
        folder: dirname(this.#options.file),
      }),
      fingerprint: fingerprintOf,
      storedConsumers: await this.#options.consumers.list(),
      slotOf: (consumer) => this.#slots.slotOf(consumer),
      accounts: this.#accounts(),
      version: this.#version + 1,
      wallNow: this.#options.wallNow(),
    };
  }

  #accounts(): readonly KnownAccount[] {
    return this.#options.accounts?.() ?? [];
  }

  async #save(): Promise<void> {
    const { config, snapshot } = this.#current();
    const { version, hash } = snapshot;
    const { file, sealer, snapshots, wallNow } = this.#options;
    try {
      const text = encodeLastGood(config, file, sealer);
      await snapshots.save({ version, hash, savedAt: wallNow(), text });
    } catch (error) {
      this.#options.onEvent({ kind: 'not_saved', reason: messageOf(error) });
    }
  }

  #watched(): readonly string[] {
    const { file } = this.#options;
    return [file, ...secretFiles(this.#inForce?.config.providers ?? [], dirname(file))];
  }

  /** Seats that a refused or compared configuration took are free again; those in force stay. */
  #keepSeats(): void {
    this.#slots.keepOnly(this.#current().snapshot.consumers.map((consumer) => consumer.id));
  }

  #current(): InForce {
    if (this.#inForce === null) throw new Error('no configuration was loaded yet');
    return this.#inForce;
  }

  #problem(message: string, hint: string): Problem {
    return fileProblem(this.#options.file, message, hint);
  }

  #unplaced(problem: {
    path: readonly (string | number)[];
    message: string;
    hint: string;
  }): Problem {
    return { ...this.#problem(problem.message, problem.hint), path: showPath(problem.path) };
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(step);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function unchanged(current: InForce): ReloadOutcome {
  const { version, hash } = current.snapshot;
  return { ok: true, version, hash, changes: [], warnings: current.warnings };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
