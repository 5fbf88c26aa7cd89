import { describe, expect, it } from 'vitest';
import { textPart } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import { turn, WEATHER_TOOL } from '../canonical/sample-parts.contract.ts';
import { sampleRequest } from '../canonical/samples.contract.ts';
import {
  decodeCountTokens,
  decodeTokenCount,
  encodeCountTokens,
  renderTokenCount,
} from './count-tokens.ts';

const PLACE = { model: 'm', stream: false };
const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];

describe('a count of tokens', () => {
  it.each([
    { contents },
    { generateContentRequest: { model: 'models/m', contents } },
    { generate_content_request: { contents } },
  ])('is asked for: %j', (body) => {
    expect(decodeCountTokens(body, PLACE)).toMatchObject({
      ok: true,
      value: { model: 'm', turns: [turn('user', textPart('Hi'))] },
    });
  });

  it('is refused for a request that is none', () => {
    expect(decodeCountTokens({ generateContentRequest: 1 }, PLACE)).toMatchObject({
      ok: false,
      param: 'generateContentRequest',
    });
  });

  it('counts instructions and tools, on each host where it wants them', () => {
    const request = sampleRequest(
      [turn('system', textPart('Be brief.')), turn('user', textPart('Hi'))],
      { model: 'm', tools: [WEATHER_TOOL], serviceTier: 'flex' },
    );
    const studio = encodeCountTokens(request, 'ai-studio', new Drops());
    expect(studio).toMatchObject({
      generateContentRequest: { model: 'models/m', contents, systemInstruction: {}, tools: [{}] },
    });
    const vertex = encodeCountTokens(request, 'vertex', new Drops());
    expect(Object.keys(vertex)).toEqual(['contents', 'systemInstruction', 'tools']);
  });

  it('is read and told', () => {
    expect(decodeTokenCount({ totalTokens: 7, promptTokensDetails: [] })).toBe(7);
    expect(decodeTokenCount({})).toBeNull();
    expect(renderTokenCount(7)).toBe('{"totalTokens":7}');
  });
});
