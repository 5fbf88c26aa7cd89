import { DIALECTS } from '@keywell/wire/canonical/dialect';
import { Drops } from '@keywell/wire/canonical/drops';
import { liftStrings } from '@keywell/wire/lift/lift-strings';
import { describe, expect, it } from 'vitest';
import { codecOf, loadCodecs } from './codec-of.ts';
import { CROWDS } from './crowds.contract.ts';

await loadCodecs(DIALECTS);

/** What a translation may block a worker for, beside the parsing of its body. */
const PROMISED_MS = 50;
/** Processors that share their caches with other work are slower. */
const SLACK = 4;
const TRIES = 5;

/** Milliseconds of this thread's own work: how long it has to wait for a processor says nothing of the code. */
function took(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

const PAIRS = DIALECTS.flatMap((from) => DIALECTS.map((to) => [from, to] as const));

describe.each(Object.entries(CROWDS))('%s', (_, request) => {
  it.each(PAIRS)('go from %s to %s without holding a worker up', (from, to) => {
    const body = Buffer.from(JSON.stringify(codecOf(from).encodeRequest(request, new Drops())));
    const text = body.toString();
    const times = Array.from({ length: TRIES }, () => {
      const parsed = JSON.parse(text);
      return took(() => {
        liftStrings(body);
        const decoded = codecOf(from).decodeRequest(parsed, { model: 'm', stream: false });
        if (!decoded.ok) throw new Error(decoded.message);
        expect(decoded.value.turns.length).toBe(request.turns.length);
        expect(decoded.value.tools.length).toBe(request.tools.length);
        JSON.stringify(codecOf(to).encodeRequest(decoded.value, new Drops()));
      });
    });
    expect(Math.min(...times)).toBeLessThan(PROMISED_MS * SLACK);
  });
});
