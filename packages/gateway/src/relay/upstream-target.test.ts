import { planKeys } from '@keywell/core/keys/plan';
import { Secret } from '@keywell/core/secret/secret';
import { aSnapshot, type ProviderSketch } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { targetOf, type UpstreamTarget } from './upstream-target.ts';

function target(provider: ProviderSketch): UpstreamTarget {
  const [candidate] = planKeys(aSnapshot({ providers: [provider] })).candidates;
  if (candidate === undefined) throw new Error('the pool has no candidate');
  return targetOf(candidate, '1.1 test');
}

describe('what calling a candidate takes', () => {
  it("judges by the provider's declared rows before the vendor's own", () => {
    const { vendor } = target({
      failures: [
        {
          name: 'maintenance',
          status: [[503, 503]],
          code: [],
          type: [],
          message: '^Closed for maintenance',
          class: 'concurrency',
          scope: 'endpoint',
          level: null,
          dimension: null,
          ends: 'header_wait',
        },
      ],
    });
    const outcome = (message: string) => ({
      status: 503,
      failure: null,
      header: (name: string) => (name === 'retry-after' ? '9' : undefined),
      body: JSON.stringify({ error: { message } }),
      wallNow: 0,
    });
    expect(vendor.classify(outcome('Closed for maintenance.'))).toMatchObject({
      class: 'concurrency',
      scope: 'endpoint',
      endsInMs: 9000,
    });
    expect(vendor.classify(outcome('Overloaded')).class).toBe('provider_overloaded');
  });

  it('is put together once, with the headers by which its vendor authenticates', () => {
    const anthropic = target({ kind: 'anthropic', baseUrl: 'https://api.anthropic.com/v1' });
    const [messages] = anthropic.faces;
    expect(messages?.whole.headers.slice(0, 4)).toEqual([
      'x-api-key',
      'sk-test-a',
      'anthropic-version',
      '2023-06-01',
    ]);
    expect(messages?.whole.headers).not.toContain('authorization');
    const [chat] = target({}).faces;
    expect(chat?.whole.headers.slice(0, 2)).toEqual(['authorization', 'Bearer sk-test-a']);
  });

  it('authenticates as the provider’s record says, and sends its headers with every call', () => {
    const provider = { kind: 'openai-compatible', baseUrl: 'https://llm.example/api' };
    const title = { name: 'x-title', value: new Secret('my team'), fingerprint: '0' };
    const declared = target({
      ...provider,
      auth: { kind: 'header', name: 'x-api-key' },
      headers: [title],
    });
    expect(declared.faces[0]?.whole.headers.slice(0, 4)).toEqual([
      'x-api-key',
      'sk-test-a',
      'x-title',
      'my team',
    ]);
    const query = target({ ...provider, auth: { kind: 'query', name: 'key' }, apiVersion: 'v2' });
    const { embeddings } = query.operations;
    expect(embeddings.path).toBe('/api/embeddings?api-version=v2&key=sk-test-a');
    expect([...embeddings.headers, ...query.headers].join(' ')).not.toContain('sk-test-a');
  });

  it('names the deployment in the path where the vendor wants it there', () => {
    const azure = { kind: 'azure-openai', baseUrl: 'https://r.openai.azure.com/openai' };
    expect(target(azure).operations['chat.completions'].path).toBe(
      '/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21',
    );
  });

  it('asks for what a vendor does not have where OpenAI has it, and the vendor says no itself', () => {
    const { origin, operations, faces } = target({
      kind: 'gemini',
      baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    });
    expect(origin).toBe('https://generativelanguage.googleapis.com');
    expect(faces.map(({ whole }) => whole.path)).toEqual(['/v1beta/openai/chat/completions']);
    expect(operations.completions.path).toBe('/v1beta/openai/completions');
  });
});
