import { DIALECTS, type Dialect } from '@keywell/wire/canonical/dialect';
import { Drops } from '@keywell/wire/canonical/drops';
import { readConversation } from '@keywell/wire/edit/conversation';
import { CHAT_ENCODE_DEFAULTS } from '@keywell/wire/openai-chat/encode-options';
import { describe, expect, it } from 'vitest';
import type { TargetFace } from '../relay/upstream-target.ts';
import { CALLER_DIALECTS } from '../stories/crossing/talk.contract.ts';
import { codecOf, loadCodecs } from './codec-of.ts';
import { CROWDS } from './crowds.contract.ts';
import { CallTranslation } from './call-translation.ts';

await loadCodecs(DIALECTS);

/** What one step of a translation may block a worker for. */
const PROMISED_MS = 50;
/** Processors that share their caches with other work are slower. */
const SLACK = 3;
const TRIES = 3;

/** Milliseconds of this thread's own work: how long it has to wait for a processor says nothing of the code. */
function took(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

const NOWHERE = { path: '/', headers: [] };
const faceOf = (dialect: Dialect): TargetFace => ({
  dialect,
  whole: NOWHERE,
  streamed: NOWHERE,
  count: null,
  edit: null,
  chat: CHAT_ENCODE_DEFAULTS,
});

const PAIRS = CALLER_DIALECTS.flatMap((from) =>
  DIALECTS.filter((to) => to !== from).map((to) => [from, to] as const),
);

describe.each(Object.entries(CROWDS))('%s', (_, request) => {
  it.each(PAIRS)('go from %s to %s in steps that hold no worker up', (from, to) => {
    const asked = { ...request, model: 'm' };
    const body = Buffer.from(JSON.stringify(codecOf(from).encodeRequest(asked, new Drops())));
    const steps = Array.from({ length: TRIES }, () => {
      let read: ReturnType<typeof readConversation> | null = null;
      const scan = took(() => {
        read = readConversation(body, from, { model: 'm', stream: false });
      });
      const { facts } = read ?? { facts: null };
      if (facts === null) throw new Error('a body that was not understood');
      const call = { id: 'r', dialect: from, body, facts, counts: false, wallStartedAt: 0 };
      const translation = new CallTranslation(call);
      return [
        scan,
        took(() => translation.parse()),
        took(() => {
          const decoded = translation.canonical();
          if (!decoded.ok) throw new Error(decoded.message);
          expect(decoded.value.turns.length).toBe(request.turns.length);
          expect(decoded.value.tools.length).toBe(request.tools.length);
        }),
        took(() =>
          translation.requestFor(faceOf(to), { provider: 'p', model: 'm', includeUsage: true }),
        ),
      ];
    });
    const best = [0, 1, 2, 3].map((step) => Math.min(...steps.map((each) => each[step] ?? 0)));
    expect(Math.max(...best)).toBeLessThan(PROMISED_MS * SLACK);
  });
});
