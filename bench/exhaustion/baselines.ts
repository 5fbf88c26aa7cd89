// What others do, as strategies: they send at once, try again when refused, and look at little or nothing of what a provider tells.
import type {
  Actions,
  AttemptView,
  RequestView,
  ResponseView,
  Strategy,
  StrategyFactory,
  World,
} from './strategy.ts';

/** Attempts at one request. Peers bound them: LiteLLM makes two retries unless told otherwise, Portkey at most five. */
const MOST_ATTEMPTS = 4;
/** After every key was tried: half a second, doubled each time. */
const BACKOFF_MS = 500;

/** How one baseline picks and what it remembers. */
interface Habit {
  /** The key for the next attempt; -1 when none may be used before `freeAt`. */
  readonly pick: (request: RequestView, tries: number, now: number) => number;
  readonly freeAt: () => number;
  readonly learn: (key: number, response: ResponseView, now: number) => void;
}

interface Waiting {
  readonly request: RequestView;
  tries: number;
  at: number;
}

/** Retries with a back-off after each round over all keys, inside the request's deadline. */
class Retrying implements Strategy {
  readonly #habit: Habit;
  readonly #actions: Actions;
  readonly #keys: number;
  readonly #tries = new Map<number, number>();
  /** In order of their instants. */
  readonly #waiting: Waiting[] = [];

  constructor(world: World, actions: Actions, habit: Habit) {
    this.#habit = habit;
    this.#actions = actions;
    this.#keys = world.keys.length;
  }

  arrive(request: RequestView, now: number): void {
    this.#attempt(request, 0, now);
  }

  firstByte(): void {
    // headers of answers that went well are not read
  }

  respond({ request, key }: AttemptView, response: ResponseView, now: number): void {
    this.#habit.learn(key, response, now);
    const tries = this.#tries.get(request.id) ?? 0;
    if (response.status === 200) {
      this.#tries.delete(request.id);
      return;
    }
    const rounds = Math.floor(tries / this.#keys);
    const pause = tries % this.#keys === 0 ? BACKOFF_MS * 2 ** (rounds - 1) : 0;
    if (tries >= MOST_ATTEMPTS || now + pause > request.dispatchBy) this.#giveUp(request);
    else if (pause === 0) this.#attempt(request, tries, now);
    else this.#wait(request, tries, now + pause);
  }

  wake(now: number): void {
    while ((this.#waiting[0]?.at ?? Infinity) <= now) {
      const due = this.#waiting.shift();
      if (due !== undefined) this.#attempt(due.request, due.tries, now);
    }
    this.#actions.wakeAt(this.#waiting[0]?.at ?? Infinity);
  }

  #attempt(request: RequestView, tries: number, now: number): void {
    const key = this.#habit.pick(request, tries, now);
    if (key >= 0) {
      this.#tries.set(request.id, tries + 1);
      this.#actions.send(request, key);
      return;
    }
    const free = Math.max(now + 1, this.#habit.freeAt());
    if (free > request.dispatchBy) this.#giveUp(request);
    else this.#wait(request, tries, free);
  }

  #wait(request: RequestView, tries: number, at: number): void {
    let place = this.#waiting.length;
    while (place > 0 && (this.#waiting[place - 1]?.at ?? 0) > at) place -= 1;
    this.#waiting.splice(place, 0, { request, tries, at });
    this.#actions.wakeAt(this.#waiting[0]?.at ?? Infinity);
  }

  #giveUp(request: RequestView): void {
    this.#tries.delete(request.id);
    this.#actions.refuse(request, 1000);
  }
}

const nothing = (): void => undefined;
const never = (): number => Infinity;

/** The first key of the list, then the second, …; each request begins with the first again. */
export const orderedList: StrategyFactory = (world, actions) =>
  new Retrying(world, actions, {
    pick: (_request, tries) => tries % world.keys.length,
    freeAt: never,
    learn: nothing,
  });

/** Any key, each time anew. */
export const randomKey: StrategyFactory = (world, actions, random) =>
  new Retrying(world, actions, {
    pick: () => Math.floor(random() * world.keys.length),
    freeAt: never,
    learn: nothing,
  });

const COOLDOWN_MS = 5000;

/** A random key among those that answered no 429 in the last five seconds. */
export const fixedCooldown: StrategyFactory = (world, actions, random) => {
  const until = new Float64Array(world.keys.length);
  return new Retrying(world, actions, {
    pick: (_request, _tries, now) =>
      drawWhere(random, until.length, (key) => (until[key] ?? 0) <= now),
    freeAt: () => until.reduce((least, each) => Math.min(least, each), Infinity),
    learn: (key, { status }, now) => {
      if (status === 429) until[key] = now + COOLDOWN_MS;
    },
  });
};

/** The words after which gateways of this kind (one-api and its successors) switch a channel off until somebody switches it on. */
const DISABLING =
  /credit|balance|organization has been (?:disabled|restricted)|exceeded your current quota|insufficient_quota|permission denied|authentication_error/i;

/** A random key among those whose errors never held one of the words; the last one stays. */
export const disableOnText: StrategyFactory = (world, actions, random) => {
  const disabled = new Set<number>();
  return new Retrying(world, actions, {
    pick: () => drawWhere(random, world.keys.length, (key) => !disabled.has(key)),
    freeAt: never,
    learn: (key, { status, body }) => {
      const matches = status === 401 || (status !== 200 && DISABLING.test(body));
      if (matches && disabled.size < world.keys.length - 1) disabled.add(key);
    },
  });
};

/** One place among those that pass, each as likely; -1 when none does. */
function drawWhere(
  random: () => number,
  count: number,
  passes: (place: number) => boolean,
): number {
  let kept = -1;
  let seen = 0;
  for (let place = 0; place < count; place += 1) {
    if (!passes(place)) continue;
    seen += 1;
    if (random() * seen < 1) kept = place;
  }
  return kept;
}
