/** Official clients as they are, pointed at the gateway, against every dialect of providers. */
import { STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AI_SDK_CLIENTS } from './ai-sdk-clients.contract.ts';
import { anthropicMessages } from './anthropic-client.contract.ts';
import type { Client } from './client.contract.ts';
import { clientsPage } from './clients-page.contract.ts';
import { ENDPOINT_KINDS, ENDPOINTS, startEndpoint } from './endpoints.contract.ts';
import { googleGenAi } from './google-client.contract.ts';
import { KEPT_THINGS } from './kept.contract.ts';
import { LANGCHAIN_CLIENTS } from './langchain-clients.contract.ts';
import { Matrix } from './matrix.contract.ts';
import { openAiChat, openAiResponses } from './openai-clients.contract.ts';
import { CLIENT_OPERATIONS } from './operations.contract.ts';
import { OUTBOUNDS, startOutbound } from './outbounds.contract.ts';

const CLIENTS: readonly Client[] = [
  openAiChat,
  openAiResponses,
  anthropicMessages,
  googleGenAi,
  ...AI_SDK_CLIENTS,
  ...LANGCHAIN_CLIENTS,
];

const matrix = new Matrix();

describe.each(OUTBOUNDS)('a provider of kind $kind', (outbound) => {
  let story: Story;

  beforeAll(async () => {
    story = await startOutbound(outbound, CLIENTS.length * CLIENT_OPERATIONS.length);
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  describe.each(CLIENTS)('asked by $name', (client) => {
    it.each(CLIENT_OPERATIONS)('$name', async ({ name, run }) => {
      const origin = `http://127.0.0.1:${story.port}`;
      const model = `${client.modelPrefix ?? ''}${story.freshModel()}`;
      await run(client, { origin, key: STORY_KEY, model }, story);
      for (const call of story.simulator.calls()) expect(outbound.spoken).toContain(call.dialect);
      matrix.note(outbound.kind, client.name, name, '✓');
    });
  });
});

describe.each(ENDPOINT_KINDS)('beside conversations, a provider of kind %s', (kind) => {
  it.each(ENDPOINTS)('asked for $name', async (endpoint) => {
    const story = await startEndpoint(kind, endpoint);
    try {
      const origin = `http://127.0.0.1:${story.port}`;
      await endpoint.run({ origin, key: STORY_KEY, model: story.freshModel() });
      expect(story.simulator.calls()).toMatchObject([{ status: 200 }]);
      matrix.note('endpoints', `\`openai\` to \`${kind}\``, endpoint.name, '✓');
    } finally {
      await story.close();
    }
  });
});

describe.each(OUTBOUNDS)('kept and carried, by a provider of kind $kind', (outbound) => {
  it.each(KEPT_THINGS)('$name', async ({ name, kinds, run }) => {
    const story = await startOutbound(outbound, 1);
    try {
      const origin = `http://127.0.0.1:${story.port}`;
      const asked = run({ origin, key: STORY_KEY, model: story.freshModel() });
      const works = kinds.includes(outbound.kind);
      const seen = works ? await asked : await refusalOf(asked, story);
      expect(seen.startsWith('refused')).toBe(!works);
      matrix.note('kept', `\`openai\` to \`${outbound.kind}\``, name, seen);
    } finally {
      await story.close();
    }
  });
});

/** What cannot be done is said to the client, and the provider hears nothing of it: what it was asked before that, it could do. */
async function refusalOf(asked: Promise<unknown>, story: Story): Promise<string> {
  const [outcome] = await Promise.allSettled([asked]);
  const status: unknown =
    outcome.status === 'rejected' ? Reflect.get(Object(outcome.reason), 'status') : null;
  expect([400, 404]).toContain(status);
  for (const call of story.simulator.calls()) expect(call.status).toBe(200);
  return `refused: ${String(status)}`;
}

describe('the page of clients', () => {
  it('says what this run saw', async () => {
    const page = clientsPage(matrix);
    await expect(page).toMatchFileSnapshot('../../../../../docs/reference/clients.md');
  });
});
