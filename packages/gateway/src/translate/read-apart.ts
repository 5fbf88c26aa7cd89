import { setImmediate as breathe } from 'node:timers/promises';
import type { Candidate, PoolPlan } from '@keywell/core/keys/plan';
import type { Exchange } from '../pipeline/exchange.ts';
import { faceFor, targetOf } from '../relay/upstream-target.ts';
import { VIA } from '../seam/via.ts';
import { toldAs } from './fitness.ts';
import { translationOf } from './translation-of.ts';

/** Below it, all that a translation does takes a few milliseconds. */
const LARGE = 128 * 1024;

/** Whether a call is so large that it is to be read step by step before the candidate is told it in another dialect. */
export function isReadApart(exchange: Exchange, candidate: Candidate): boolean {
  if (exchange.body.byteLength < LARGE) return false;
  const to = foreignFaceOf(exchange, candidate);
  return to !== null && exchange.translation?.isWritten(to.face, to.told) !== true;
}

/**
 * Reads a large call so that it only has to be written, and serves others between the steps: together these may take longer than anybody
 * should wait for a call that is not theirs. False when the caller left meanwhile.
 */
export async function readApart(exchange: Exchange): Promise<boolean> {
  const translation = translationOf(exchange);
  for (const step of [() => translation.parse(), () => translation.canonical()]) {
    await breathe();
    if (exchange.callerGone) return false;
    step();
  }
  await breathe();
  return !exchange.callerGone;
}

/**
 * In a strict pool, who can be told all of a call is asked before anybody is chosen: a large call is written for each provider and model in steps
 * of their own. False when the caller left meanwhile.
 */
export async function readBeforeChoice(exchange: Exchange, { tiers }: PoolPlan): Promise<boolean> {
  for (const { candidates } of tiers) {
    for (const candidate of candidates) {
      if (!isReadApart(exchange, candidate) || isAsked(exchange, candidate)) continue;
      if (!(await readApart(exchange))) return false;
      // What cannot be understood is told nobody.
      if (translationOf(exchange).fault() !== null) return true;
      ask(exchange, candidate);
      await breathe();
    }
  }
  return !exchange.callerGone;
}

function isAsked(exchange: Exchange, candidate: Candidate): boolean {
  const to = foreignFaceOf(exchange, candidate);
  return to === null || exchange.translation?.knowsLoss(to.face, to.told) === true;
}

function ask(exchange: Exchange, candidate: Candidate): void {
  const to = foreignFaceOf(exchange, candidate);
  if (to !== null) translationOf(exchange).lossFor(to.face, to.told);
}

/** How a candidate that does not speak the caller's dialect is told a call; null for one that does, or speaks none. */
function foreignFaceOf({ conversation }: Exchange, candidate: Candidate) {
  if (conversation === null) return null;
  const target = targetOf(candidate, VIA);
  const face = faceFor(target, conversation);
  if (face === null || face.dialect === conversation) return null;
  return { face, told: toldAs(candidate, target) };
}
