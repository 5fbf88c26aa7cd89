import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';

/** Says that a request may be charged twice: counted, and in its timeline. */
export function noteDoubleCharge(
  exchange: Pick<Exchange, 'offset' | 'timeline'>,
  plane: Pick<Plane, 'clock' | 'meter'>,
  detail: string,
): void {
  plane.meter.add('doubleCharges');
  exchange.timeline.push({
    at: exchange.offset(plane.clock.now()),
    kind: 'note',
    what: 'possible_double_charge',
    detail,
  });
}
