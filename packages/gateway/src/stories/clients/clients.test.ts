/** Official clients as they are, pointed at the gateway, against every dialect of providers. */
import { STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AI_SDK_CLIENTS } from './ai-sdk-clients.contract.ts';
import { anthropicMessages } from './anthropic-client.contract.ts';
import type { Client } from './client.contract.ts';
import { clientsPage } from './clients-page.contract.ts';
import { ENDPOINT_KINDS, ENDPOINTS, startEndpoint } from './endpoints.contract.ts';
import { googleGenAi } from './google-client.contract.ts';
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

describe('the page of clients', () => {
  it('says what this run saw', async () => {
    const page = clientsPage(matrix);
    await expect(page).toMatchFileSnapshot('../../../../../docs/reference/clients.md');
  });
});
