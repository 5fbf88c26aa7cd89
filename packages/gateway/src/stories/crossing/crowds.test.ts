/** Conversations of thousands, from every dialect to every provider. */
import { Drops } from '@keywell/wire/canonical/drops';
import { DIALECTS } from '@keywell/wire/canonical/dialect';
import { startStory, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codecOf, loadCodecs } from '../../translate/codec-of.ts';
import { CROWDS } from '../../translate/crowds.contract.ts';
import { OUTBOUNDS } from '../clients/outbounds.contract.ts';
import { CALLER_DIALECTS, send } from './talk.contract.ts';

await loadCodecs(DIALECTS);

describe.each(OUTBOUNDS)('a provider of kind $kind', ({ kind, model: id }) => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory({
      kind,
      model: { id },
      pool: { tiers: [{ targets: [{ model: id, contextLength: 100_000_000 }] }] },
    });
  });
  afterAll(() => story.close());

  it.each(
    Object.entries(CROWDS).flatMap(([name, request]) =>
      CALLER_DIALECTS.map((dialect) => ({ name, request, dialect })),
    ),
  )('hears $name in $dialect', async ({ request, dialect }) => {
    const body = codecOf(dialect).encodeRequest({ ...request, model: 'smart' }, new Drops());
    const seen = await send(story, { dialect, model: 'smart' }, body);
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.tookMs).toBeLessThan(5000);
  });
});
