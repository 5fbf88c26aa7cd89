import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

/** What must not reach a caller: one of each shape in which vendors name accounts, keys and money. */
const CANARIES = {
  'an OpenAI organization': 'org-AbCdEf123456GhIj',
  'an OpenAI project': 'proj_AbCdEf123456GhIj',
  'an Anthropic organization': '123e4567-e89b-12d3-a456-426614174000',
  'an Anthropic workspace': 'wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ',
  'a Google project': 'project_number:845763498573',
  'a Google project by name': 'projects/acme-prod-1',
  'an AWS account': 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/x',
  'an Azure resource': 'acme-east.openai.azure.com',
  'a Groq organization': 'org_01j9zkq2m4e8abc',
  'a Fireworks account': 'accounts/acme-corp',
  'an OpenRouter user': 'user_2abC3dEf4GhI',
  'a key': 'sk-proj-AbCdEf123456',
  'a Google key': 'AIzaSyAbCdEf123456',
  'a mail address': 'billing-owner@acme.example',
  'the configured key': 'sk-simulated-a',
  'the configured organization': 'acme-house-name',
} as const;

const MONEY = [
  'You exceeded your current quota, please check your plan and billing details.',
  'Your credit balance is too low to access the API.',
  'Insufficient balance: please purchase more credits.',
  'This project reached its spend limit.',
] as const;

let story: Story;
beforeAll(async () => {
  story = await startStory({
    keys: [{ id: 'a', organization: 'acme-house-name', domain: ['acme-house-name'] }],
  });
});
beforeEach(() => story.reset());
afterAll(() => story.close());

async function refusedWith(message: string): Promise<Seen> {
  story.simulator.set({ fault: 'invalid_request', message });
  return postJson(
    { url: story.url, key: STORY_KEY },
    { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
  );
}

const messageIn = ({ text }: Seen): string => {
  const { error }: { error: { message: string } } = JSON.parse(text);
  return error.message;
};

describe('what a provider says of a bad request', () => {
  it('reaches the caller as it is where it is about the request', async () => {
    const said = "Invalid type for 'messages[0].role': expected a string, but got 1.5 instead.";
    const seen = await refusedWith(said);
    expect([seen.status, messageIn(seen)]).toEqual([400, said]);
  });

  it.each(Object.entries(CANARIES))('never holds %s', async (_, canary) => {
    const seen = await refusedWith(`The value of "x" is wrong in ${canary} today.`);
    expect(seen.status).toBe(400);
    expect(seen.text).not.toContain(canary);
    expect(JSON.stringify(seen.headers)).not.toContain(canary);
    expect(messageIn(seen)).toContain('[masked]');
    expect(messageIn(seen)).toContain('The value of "x" is wrong in');
  });

  it.each(MONEY)('never speaks of the account’s money: %s', async (said) => {
    const seen = await refusedWith(`The parameter "x" is wrong. ${said} Try "y".`);
    expect(seen.status).toBe(400);
    expect(seen.text).not.toMatch(/billing|balance|quota|credit|spend/i);
    expect(messageIn(seen)).toMatch(/^The parameter "x" is wrong\. .*Try "y"\.$/);
  });
});
