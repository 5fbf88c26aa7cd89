import { GOOGLES } from './langchain-clients.contract.ts';
import { startStory, type Story } from '@keywell/testkit/gateway-story';

/** A provider by what it speaks: all of them are the simulator, which checks requests as each vendor does. */
export interface Outbound {
  readonly kind: string;
  readonly dialect: string;
  readonly model: string;
}

export const OUTBOUNDS: readonly Outbound[] = [
  { kind: 'openai-compatible', dialect: 'Chat Completions', model: 'gpt-5' },
  { kind: 'openai', dialect: 'Chat Completions and Responses', model: 'gpt-5' },
  { kind: 'anthropic', dialect: 'Messages', model: 'claude-sonnet-4-5' },
  { kind: 'gemini', dialect: 'generateContent', model: 'gemini-2.5-pro' },
  {
    kind: 'bedrock',
    dialect: 'Converse',
    model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  },
];

/** A gateway before one provider, with a pool for each call that may use up what a pool may retry. */
export const startOutbound = ({ kind, model }: Outbound, pools: number): Promise<Story> =>
  startStory({
    kind,
    pools,
    otherNames: (model) => [GOOGLES + model],
    model: { id: model },
    pool: { tiers: [{ targets: [{ model }] }] },
  });
