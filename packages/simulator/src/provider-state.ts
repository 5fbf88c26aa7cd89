/** Everything a simulated provider remembers, built from its profile: who owns which key, limiters, funds, faults, calls. */
import { FaultBoard } from './behaviour/fault-board.ts';
import { CallLog } from './calls/call-log.ts';
import type { AdvancingClock } from './clock.ts';
import { limitBuckets } from './limiter/model-limiter.ts';
import type { LimitBucket, LimitSettings } from './limiter/model-limiter.ts';
import type { ModelProfile, ProjectProfile, SimulatorProfile } from './profile/profile-schema.ts';
import { seededRandom } from './random.ts';
import type { Random } from './random.ts';

/** An organization's money; null when it has no end. */
export interface Funds {
  balanceMicros: number | null;
}

export interface KeyOwner {
  readonly alias: string;
  readonly value: string;
  readonly organization: string;
  readonly project: string;
  /** Null: all. */
  readonly models: ReadonlySet<string> | null;
  readonly funds: Funds;
}

const CALLS_KEPT = 20_000;

export class ProviderState {
  readonly profile: SimulatorProfile;
  readonly clock: AdvancingClock;
  readonly calls: CallLog;
  /** The simulator is being closed: connections that end now are its own doing. */
  closing = false;
  readonly models: ReadonlyMap<string, ModelProfile>;
  readonly #seed: number;
  readonly #owners = new Map<string, KeyOwner>();
  readonly #funds = new Map<string, Funds>();
  #random: Random;
  #faults: FaultBoard;
  #buckets = new Map<string, LimitBucket[]>();
  #organizationBuckets = new Map<string, LimitBucket[]>();

  constructor(profile: SimulatorProfile, clock: AdvancingClock, seed: number) {
    this.profile = profile;
    this.clock = clock;
    this.#seed = seed;
    this.models = new Map(profile.models.map((model) => [model.id, model]));
    for (const organization of profile.organizations) {
      const funds = { balanceMicros: organization.balanceMicros ?? null };
      this.#funds.set(organization.id, funds);
      for (const project of organization.projects) this.#addKeys(organization.id, project, funds);
    }
    const aliases = [...this.#owners.values()].map((owner) => owner.alias);
    this.calls = new CallLog(clock, aliases, profile.callsKept ?? CALLS_KEPT);
    this.#random = seededRandom(seed);
    this.#faults = this.#freshFaults();
  }

  get random(): Random {
    return this.#random;
  }

  get faults(): FaultBoard {
    return this.#faults;
  }

  ownerOf(keyValue: string): KeyOwner | null {
    return this.#owners.get(keyValue) ?? null;
  }

  fundsOf(organization: string): Funds | null {
    return this.#funds.get(organization) ?? null;
  }

  /** The buckets a call must pass: its organization's for the model, then its project's. */
  bucketsOf(owner: KeyOwner, model: ModelProfile): readonly LimitBucket[] {
    const name = `${owner.project} ${model.id}`;
    const known = this.#buckets.get(name);
    if (known !== undefined) return known;
    const buckets = [
      ...this.#bucketsOfOrganization(owner.organization, model),
      ...limitBuckets(this.#projectLimits(owner, model.id), 'project', this.clock.now()),
    ];
    this.#buckets.set(name, buckets);
    return buckets;
  }

  /** Back to the start: counts, funds, limiters, seed, and the faults of the profile. The clock stays where it is. */
  reset(): void {
    this.calls.reset();
    this.#buckets = new Map();
    this.#organizationBuckets = new Map();
    for (const organization of this.profile.organizations) {
      const funds = this.#funds.get(organization.id);
      if (funds !== undefined) funds.balanceMicros = organization.balanceMicros ?? null;
    }
    this.#random = seededRandom(this.#seed);
    this.#faults = this.#freshFaults();
  }

  #freshFaults(): FaultBoard {
    // dice of their own, so that a fault with a probability changes no id
    const board = new FaultBoard(seededRandom(this.#seed ^ 0x5bd1e995));
    for (const fault of this.profile.faults ?? []) board.set(fault, this.clock.now());
    return board;
  }

  #addKeys(organization: string, project: ProjectProfile, funds: Funds): void {
    const models = project.models === undefined ? null : new Set(project.models);
    for (const { alias, value } of project.keys) {
      this.#owners.set(value, { alias, value, organization, project: project.id, models, funds });
    }
  }

  #bucketsOfOrganization(organization: string, model: ModelProfile): LimitBucket[] {
    const name = `${organization} ${model.id}`;
    const known = this.#organizationBuckets.get(name);
    if (known !== undefined) return known;
    const own = this.profile.organizations
      .find(({ id }) => id === organization)
      ?.limits?.find((limits) => limits.model === model.id);
    const buckets = limitBuckets(own ?? model.limits, 'organization', this.clock.now());
    this.#organizationBuckets.set(name, buckets);
    return buckets;
  }

  #projectLimits(owner: KeyOwner, model: string): LimitSettings | undefined {
    return this.profile.organizations
      .find(({ id }) => id === owner.organization)
      ?.projects.find(({ id }) => id === owner.project)
      ?.limits?.find((limits) => limits.model === model);
  }
}
