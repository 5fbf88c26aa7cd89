import type { Exchange } from './exchange.ts';
import type { Plane } from './plane.ts';
import { refuse, type Refusal } from './refusal.ts';
import type { PhaseResult, Route } from './route.ts';

/** What happens at a request's end. */
export interface RouteEnds {
  readonly answerRefusal: (exchange: Exchange, refusal: Refusal) => void;
  /** Called once and last, whatever happened before. */
  readonly settle: (exchange: Exchange, plane: Plane) => void;
  readonly onDefect: (error: unknown, exchange: Exchange) => void;
}

/**
 * Takes a request through its route's phases; it goes on at once after a phase that answered at once, so that only real waits cost a
 * promise.
 */
export function runRoute(exchange: Exchange, plane: Plane, route: Route, ends: RouteEnds): void {
  advance({ exchange, plane, route, ends }, 0);
}

interface Run {
  readonly exchange: Exchange;
  readonly plane: Plane;
  readonly route: Route;
  readonly ends: RouteEnds;
}

function advance(run: Run, from: number): void {
  const { exchange, plane, route } = run;
  try {
    for (let at = from; at < route.phases.length; at += 1) {
      const result = route.phases[at]?.(exchange, plane) ?? null;
      if (result instanceof Promise) {
        result.then(
          (answer) => goOn(run, answer, at + 1),
          (error: unknown) => fail(run, error),
        );
        return;
      }
      if (result !== null) {
        finish(run, result);
        return;
      }
    }
  } catch (error) {
    fail(run, error);
    return;
  }
  finish(run, 'done');
}

function goOn(run: Run, answer: PhaseResult, next: number): void {
  if (answer === null) advance(run, next);
  else finish(run, answer);
}

function finish({ exchange, plane, ends }: Run, answer: Refusal | 'done'): void {
  try {
    if (answer !== 'done') ends.answerRefusal(exchange, answer);
  } catch (error) {
    ends.onDefect(error, exchange);
  }
  if (exchange.lateDefect !== null) ends.onDefect(exchange.lateDefect.error, exchange);
  ends.settle(exchange, plane);
}

function fail(run: Run, error: unknown): void {
  run.ends.onDefect(error, run.exchange);
  finish(run, refuse('internal_error'));
}
