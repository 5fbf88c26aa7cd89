import { setImmediate as breathe } from 'node:timers/promises';
import type { Candidate, PoolPlan } from '@keywell/core/keys/plan';
import type { Exchange } from '../pipeline/exchange.ts';
import { targetOf } from '../relay/upstream-target.ts';
import { VIA } from '../seam/via.ts';
import { foreignFaceOf, toldAs } from './fitness.ts';
import { translationOf } from './translation-of.ts';

/** Below it, all that a translation does takes a few milliseconds. */
const LARGE = 128 * 1024;

/** Whether a call is so large that it is to be read step by step before the candidate is told it in another dialect. */
export function isReadApart(exchange: Exchange, candidate: Candidate): boolean {
  const { conversation, body, translation } = exchange;
  if (conversation === null || body.byteLength < LARGE) return false;
  const target = targetOf(candidate, VIA);
  const face = foreignFaceOf(conversation, target);
  return face !== null && translation?.isWritten(face, toldAs(candidate, target)) !== true;
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
  const { conversation, body } = exchange;
  if (conversation === null || body.byteLength < LARGE) return true;
  for (const candidate of tiers.flatMap((tier) => tier.candidates)) {
    const target = targetOf(candidate, VIA);
    const face = foreignFaceOf(conversation, target);
    const to = toldAs(candidate, target);
    if (face === null || exchange.translation?.knowsLoss(face, to) === true) continue;
    if (!(await readApart(exchange))) return false;
    const translation = translationOf(exchange);
    // What cannot be understood is told nobody.
    if (translation.fault() !== null) return true;
    translation.lossFor(face, to);
    await breathe();
  }
  return !exchange.callerGone;
}
