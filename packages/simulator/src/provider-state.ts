/** Everything a simulated provider remembers, built from its profile: who owns which key, limiters, funds, faults, calls. */
import { FaultBoard } from './behaviour/fault-board.ts';
import { CallLog } from './calls/call-log.ts';
import type { AdvancingClock } from './clock.ts';
import type { Face } from './faces/face.ts';
import { FACES } from './faces/faces.ts';
import { modelLimits, remainingOf, resetOf } from './limiter/model-limiter.ts';
import type { LimitSettings, ModelLimit } from './limiter/model-limiter.ts';
import type { ModelProfile, ProjectProfile, SimulatorProfile } from './profile/profile-schema.ts';
import { seededRandom } from './random.ts';
import type { Random } from './random.ts';
import { Kept } from './stored/kept.ts';

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

/** What is left of one limit for one key. */
export interface LimitLevel {
  readonly key: string;
  readonly model: string;
  readonly level: ModelLimit['level'];
  readonly dimension: ModelLimit['dimension'];
  readonly limit: number;
  /** Below zero when more was charged afterwards than was there. */
  readonly remaining: number;
  /** Until everything is back or the window ends; null for calls under way. */
  readonly resetInMs: number | null;
}

const CALLS_KEPT = 20_000;

export class ProviderState {
  readonly profile: SimulatorProfile;
  readonly clock: AdvancingClock;
  readonly calls: CallLog;
  /** The simulator is being closed: connections that end now are its own doing. */
  closing = false;
  /** Whose errors and headers the OpenAI-compatible paths answer with. */
  readonly face: Face;
  readonly models: ReadonlyMap<string, ModelProfile>;
  readonly #seed: number;
  readonly #owners = new Map<string, KeyOwner>();
  /** Keys that are pairs, by their first half. */
  readonly #pairs = new Map<string, KeyOwner>();
  readonly #funds = new Map<string, Funds>();
  #random: Random;
  #faults: FaultBoard;
  #kept: Kept;
  #limits = new Map<string, ModelLimit[]>();
  #organizationLimits = new Map<string, ModelLimit[]>();
  /** What turns the monotonic clock into epoch milliseconds that never run backwards. */
  readonly #epochMs: number;
  #second = NaN;
  #date = '';

  constructor(profile: SimulatorProfile, clock: AdvancingClock, seed: number) {
    this.profile = profile;
    this.clock = clock;
    this.#seed = seed;
    this.#epochMs = clock.wallNow() - clock.now();
    this.face = FACES[profile.face ?? 'openai'];
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
    this.#kept = new Kept(() => clock.now());
  }

  get kept(): Kept {
    return this.#kept;
  }

  get random(): Random {
    return this.#random;
  }

  get faults(): FaultBoard {
    return this.#faults;
  }

  /** By a key's value, or by a token that was issued for it. */
  ownerOf(keyValue: string): KeyOwner | null {
    const own = this.#owners.get(keyValue);
    if (own !== undefined) return own;
    const stoodFor = this.#kept.tokens.keyOf(keyValue);
    return stoodFor === null ? null : (this.#owners.get(stoodFor) ?? null);
  }

  /** The key whose value is `name:secret`: an access key of AWS, an OAuth client, a service account. */
  pairOf(name: string): KeyOwner | null {
    return this.#pairs.get(name) ?? null;
  }

  fundsOf(organization: string): Funds | null {
    return this.#funds.get(organization) ?? null;
  }

  /** The instant that limits are asked about: epoch milliseconds. */
  limiterAt(): number {
    return this.clock.now() + this.#epochMs;
  }

  /** The simulator's own date, as HTTP has it. */
  httpDate(): string {
    const wall = this.clock.wallNow();
    const second = Math.floor(wall / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(wall).toUTCString();
    }
    return this.#date;
  }

  /** The limits a call must pass: its organization's for the model, then its project's. */
  limitsOf(owner: KeyOwner, model: ModelProfile): readonly ModelLimit[] {
    const name = `${owner.project} ${model.id}`;
    const known = this.#limits.get(name);
    if (known !== undefined) return known;
    const limits = [
      ...this.#limitsOfOrganization(owner.organization, model),
      ...this.#newLimits(this.#projectLimits(owner, model.id), 'project'),
    ];
    this.#limits.set(name, limits);
    return limits;
  }

  /** What is truly left for every key and model that has limits. */
  limitLevels(): LimitLevel[] {
    const at = this.limiterAt();
    return [...this.#owners.values()].flatMap((owner) =>
      [...this.models.values()].flatMap((model) =>
        this.limitsOf(owner, model).map((limit) => ({
          key: owner.alias,
          model: model.id,
          level: limit.level,
          dimension: limit.dimension,
          limit: limit.meter.limit,
          remaining: remainingOf(limit, at),
          resetInMs: resetOf(limit, at),
        })),
      ),
    );
  }

  /** Back to the start: counts, funds, limiters, seed, and the faults of the profile. The clock stays where it is. */
  reset(): void {
    this.calls.reset();
    this.#limits = new Map();
    this.#organizationLimits = new Map();
    for (const organization of this.profile.organizations) {
      const funds = this.#funds.get(organization.id);
      if (funds !== undefined) funds.balanceMicros = organization.balanceMicros ?? null;
    }
    this.#random = seededRandom(this.#seed);
    this.#faults = this.#freshFaults();
    this.#kept = new Kept(() => this.clock.now());
  }

  #freshFaults(): FaultBoard {
    // dice of their own, so that a fault with a probability changes no id
    const board = new FaultBoard(seededRandom(this.#seed ^ 0x5bd1e995), this.#epochMs);
    for (const fault of this.profile.faults ?? []) board.set(fault, this.clock.now());
    return board;
  }

  #addKeys(organization: string, project: ProjectProfile, funds: Funds): void {
    const models = project.models === undefined ? null : new Set(project.models);
    for (const { alias, value } of project.keys) {
      const owner = { alias, value, organization, project: project.id, models, funds };
      this.#owners.set(value, owner);
      const [name = '', secret] = value.split(':', 2);
      if (secret !== undefined) this.#pairs.set(name, owner);
    }
  }

  #newLimits(settings: LimitSettings | undefined, level: ModelLimit['level']): ModelLimit[] {
    return modelLimits(settings, level, this.limiterAt(), this.face.rules);
  }

  #limitsOfOrganization(organization: string, model: ModelProfile): ModelLimit[] {
    const name = `${organization} ${model.id}`;
    const known = this.#organizationLimits.get(name);
    if (known !== undefined) return known;
    const own = this.profile.organizations
      .find(({ id }) => id === organization)
      ?.limits?.find((limits) => limits.model === model.id);
    const limits = this.#newLimits(own ?? model.limits, 'organization');
    this.#organizationLimits.set(name, limits);
    return limits;
  }

  #projectLimits(owner: KeyOwner, model: string): LimitSettings | undefined {
    return this.profile.organizations
      .find(({ id }) => id === owner.organization)
      ?.projects.find(({ id }) => id === owner.project)
      ?.limits?.find((limits) => limits.model === model);
  }
}
