import type { Exchange } from './exchange.ts';
import type { Plane } from './plane.ts';
import { refuse, type Refusal } from './refusal.ts';
import type { Route } from './route.ts';

/**
 * Takes a request through its route's phases. Awaits only what really waits, so that a request whose phases are all synchronous
 * costs no promise. Whatever happens, `settle` runs once and last.
 */
export async function runRoute(
  exchange: Exchange,
  plane: Plane,
  route: Route,
  ends: {
    readonly answerRefusal: (exchange: Exchange, refusal: Refusal) => void;
    readonly settle: (exchange: Exchange, plane: Plane) => void;
    readonly onDefect: (error: unknown, exchange: Exchange) => void;
  },
): Promise<void> {
  try {
    for (const phase of route.phases) {
      let result = phase(exchange, plane);
      if (result instanceof Promise) result = await result;
      if (result === 'done') break;
      if (result !== null) {
        ends.answerRefusal(exchange, result);
        break;
      }
    }
  } catch (error) {
    ends.onDefect(error, exchange);
    ends.answerRefusal(exchange, refuse('internal_error'));
  }
  ends.settle(exchange, plane);
}
