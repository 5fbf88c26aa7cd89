import { GOOGLES } from './langchain-clients.contract.ts';
import { startStory, type Story } from '@keywell/testkit/gateway-story';

/** A provider by what it speaks: all of them are the simulator, which checks requests as each vendor does. */
export interface Outbound {
  readonly kind: string;
  readonly dialect: string;
  readonly model: string;
  /** The simulator's names of the dialects that it may be spoken to in. */
  readonly spoken: readonly string[];
}

export const OUTBOUNDS: readonly Outbound[] = [
  { kind: 'openai-compatible', dialect: 'Chat Completions', model: 'gpt-5', spoken: ['openai'] },
  {
    kind: 'openai',
    dialect: 'Chat Completions and Responses',
    model: 'gpt-5',
    spoken: ['openai', 'responses'],
  },
  { kind: 'anthropic', dialect: 'Messages', model: 'claude-sonnet-4-5', spoken: ['anthropic'] },
  { kind: 'gemini', dialect: 'generateContent', model: 'gemini-2.5-pro', spoken: ['gemini'] },
  {
    kind: 'bedrock',
    dialect: 'Converse',
    model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    spoken: ['bedrock'],
  },
];

/** A gateway before one provider, with a pool for each call that may use up what a pool may retry. */
export const startOutbound = ({ kind, model }: Outbound, pools: number): Promise<Story> =>
  startStory({
    kind,
    pools,
    otherNames: (name) => [GOOGLES + name],
    model: { id: model },
    pool: { tiers: [{ targets: [{ model }] }] },
  });
