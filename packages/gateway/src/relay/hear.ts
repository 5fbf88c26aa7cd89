import { observeLimits, type ToldLimits } from '@keywell/core/keys/observe-limits';
import type { Reservation } from '@keywell/core/keys/reserve';
import { sumOfUsage } from '@keywell/core/log/token-usage';
import type { Candidate } from '@keywell/core/keys/plan';
import type { Exchange } from '../pipeline/exchange.ts';
import type { HeaderOf } from '../seam/outbound.ts';
import type { Plane } from '../pipeline/plane.ts';
import { isBinary } from '../realtime/messages.ts';
import { readRealtimeEvent } from '../realtime/realtime-events.ts';
import { maskFor, maskStrings } from './mask-for.ts';
import type { UpstreamTarget } from './upstream-target.ts';

/** Whose limits are spoken of. */
interface Heard {
  readonly candidate: Candidate;
  readonly target: UpstreamTarget;
  readonly reservation: Reservation;
}

/**
 * What a refusal's head tells about limits is taken in together with the verdict, which its body is needed for: in between the key would
 * look as if it came back as soon as its window has room, whatever the provider says of when. So long a body is waited for.
 */
const UNHEARD_MS = 20;

/** What a head without success tells about limits, until it is taken in. */
export class UnheardLimits {
  #told: ToldLimits | null;
  readonly #timer: NodeJS.Timeout;

  constructor(told: ToldLimits, late: () => void) {
    this.#told = told;
    this.#timer = setTimeout(() => {
      this.#told = null;
      late();
    }, UNHEARD_MS);
  }

  /** For the attempt's settlement; undefined where its body took too long. */
  take(): ToldLimits | undefined {
    clearTimeout(this.#timer);
    return this.#told ?? undefined;
  }
}

/** Takes in what a response's head tells about limits, on errors as on answers; gives back what its verdict is to be taken in with. */
export function hearHead(
  { live }: Pick<Exchange, 'live'>,
  { clock }: Pick<Plane, 'clock'>,
  { target, reservation }: Pick<Heard, 'target' | 'reservation'>,
  head: { readonly status: number; readonly header: HeaderOf },
): UnheardLimits | null {
  const observations = target.vendor.readLimits(head.header);
  if (observations.length === 0) return null;
  const refused = head.status >= 400;
  const hear = (): void =>
    observeLimits(live.table, reservation, observations, { now: clock.now(), refused });
  if (head.status >= 300) return new UnheardLimits({ observations, refused }, hear);
  hear();
  return null;
}

/**
 * What an event of a session tells about limits, and what an answer in it has used. Gives the event as the caller may hear it: what
 * failed is told with the names of accounts.
 */
export function hearEvent(
  exchange: Pick<Exchange, 'live' | 'usage'>,
  plane: Pick<Plane, 'clock' | 'credentials'>,
  { reservation, candidate }: Pick<Heard, 'reservation' | 'candidate'>,
  event: Uint8Array,
): Uint8Array {
  const heard = isBinary(event) ? null : readRealtimeEvent(event);
  if (heard === null) return event;
  if (heard.kind === 'limits') {
    observeLimits(exchange.live.table, reservation, heard.told, { now: plane.clock.now() });
    return event;
  }
  if (heard.kind === 'done' && heard.usage !== null) {
    const before = exchange.usage;
    exchange.usage = before === null ? heard.usage : sumOfUsage(before, heard.usage);
  }
  if (heard.kind === 'done' && !heard.failed) return event;
  return Buffer.from(maskStrings(Buffer.from(event).toString('utf8'), maskFor(plane, candidate)));
}
