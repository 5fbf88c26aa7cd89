import { Secret } from '@keywell/core/secret/secret';
import { aSnapshot, type ProviderSketch } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { vendorOf } from '../registry.ts';
import { configured } from './configured.ts';
import { type Surface, surfaceOf } from './surface.ts';

/** The surface of a provider's first key, as the gateway puts it together. */
function surface(sketch: ProviderSketch, model = 'gpt-5'): Surface {
  const [provider] = aSnapshot({ providers: [sketch] }).providers;
  const key = provider?.keys[0];
  const known = vendorOf(provider?.kind ?? '');
  if (provider === undefined || key === undefined || known === null) throw new Error('no vendor');
  return surfaceOf(configured(known, provider), { baseUrl: provider.baseUrl, model, key });
}

/** Where a conversation goes: dialect, whole and streamed. */
const faces = (of: Surface) =>
  of.faces.map(({ face, whole, streamed }) => [face.dialect, whole.path, streamed.path]);

const chat = (path: string) => ['openai-chat', path, path];

describe('where a vendor is spoken to', () => {
  it.each([
    [
      'openai',
      'https://api.openai.com/v1',
      [chat('/v1/chat/completions'), ['openai-responses', '/v1/responses', '/v1/responses']],
    ],
    [
      'anthropic',
      'https://api.anthropic.com/v1',
      [['anthropic-messages', '/v1/messages', '/v1/messages']],
    ],
    [
      'gemini',
      'https://generativelanguage.googleapis.com/v1beta',
      [
        [
          'gemini',
          '/v1beta/models/gpt-5:generateContent',
          '/v1beta/models/gpt-5:streamGenerateContent?alt=sse',
        ],
      ],
    ],
    [
      'gemini',
      'https://generativelanguage.googleapis.com/v1beta/openai',
      [chat('/v1beta/openai/chat/completions')],
    ],
    ['gemini', 'https://proxy.example/google', [chat('/google/chat/completions')]],
    [
      'bedrock',
      'https://bedrock-runtime.us-east-1.amazonaws.com',
      [['bedrock-converse', '/model/gpt-5/converse', '/model/gpt-5/converse-stream']],
    ],
    [
      'bedrock',
      'https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1',
      [chat('/openai/v1/chat/completions')],
    ],
    [
      'azure-openai',
      'https://r.openai.azure.com/openai',
      [chat('/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21')],
    ],
    [
      'deepseek',
      'https://api.deepseek.com',
      [
        chat('/chat/completions'),
        ['anthropic-messages', '/anthropic/v1/messages', '/anthropic/v1/messages'],
      ],
    ],
    [
      'deepseek',
      'https://api.deepseek.com/v1',
      [
        chat('/v1/chat/completions'),
        ['anthropic-messages', '/anthropic/v1/messages', '/anthropic/v1/messages'],
      ],
    ],
    [
      'zai',
      'https://proxy.example/zai/api/paas/v4',
      [
        chat('/zai/api/paas/v4/chat/completions'),
        ['anthropic-messages', '/zai/api/anthropic/v1/messages', '/zai/api/anthropic/v1/messages'],
      ],
    ],
    // the root cannot be told, so what starts there is not to be had
    ['zai', 'https://proxy.example/elsewhere', [chat('/elsewhere/chat/completions')]],
    ['jina', 'https://api.jina.ai/v1', []],
  ])('is, for %s at %s, below its prefix or from its root', (kind, baseUrl, expected) => {
    expect(faces(surface({ kind, baseUrl }))).toEqual(expected);
  });

  it('depends on the model where each family is spoken to in the dialect of its maker', () => {
    const vertex = {
      kind: 'vertex',
      baseUrl: 'https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu',
    };
    const at = '/v1/projects/p/locations/eu';
    expect(faces(surface(vertex, 'gemini-3-pro'))).toEqual([
      [
        'gemini',
        `${at}/publishers/google/models/gemini-3-pro:generateContent`,
        `${at}/publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse`,
      ],
    ]);
    const claude = surface(vertex, 'claude-sonnet-4-5@20250929');
    expect(faces(claude)).toEqual([
      [
        'anthropic-messages',
        `${at}/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict`,
        `${at}/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict`,
      ],
    ]);
    expect(claude.faces[0]?.face.body).toEqual({
      without: ['model'],
      plus: { anthropic_version: 'vertex-2023-10-16' },
    });
    expect(faces(surface(vertex, 'meta/llama-4'))).toEqual([
      chat(`${at}/endpoints/openapi/chat/completions`),
    ]);
  });

  it('counts tokens where the vendor counts them', () => {
    const count = (kind: string, baseUrl: string) =>
      surface({ kind, baseUrl }).faces[0]?.count?.path ?? null;
    expect(count('anthropic', 'https://api.anthropic.com/v1')).toBe('/v1/messages/count_tokens');
    expect(count('gemini', 'https://generativelanguage.googleapis.com/v1beta')).toBe(
      '/v1beta/models/gpt-5:countTokens',
    );
    expect(count('openai', 'https://api.openai.com/v1')).toBeNull();
  });

  it('has tuned models of Gemini in their own collection, and nothing else beside', () => {
    const path = (model: string) =>
      surface({ kind: 'gemini', baseUrl: 'https://g.example/v1beta' }, model).faces[0]?.whole.path;
    expect(path('tunedModels/mine')).toBe('/v1beta/tunedModels/mine:generateContent');
    expect(path('models/gemini-3')).toBe('/v1beta/models/gemini-3:generateContent');
    expect(path('files/secret')).toBe('/v1beta/models/files%2Fsecret:generateContent');
    expect(path('tunedModels/..')).toBe('/v1beta/tunedModels/-:generateContent');
  });
});

describe('where an operation is', () => {
  it('is where the vendor has it, else where OpenAI has it, so that the vendor says no itself', () => {
    const cohere = surface({ kind: 'cohere', baseUrl: 'https://api.cohere.ai/compatibility/v1' });
    expect(cohere.operations.rerank.path).toBe('/v2/rerank');
    expect(cohere.operations.files.path).toBe('/compatibility/v1/files');
    expect([...cohere.offers]).toEqual(['chat.completions', 'embeddings', 'rerank']);
    const proxied = surface({ kind: 'cohere', baseUrl: 'https://proxy.example/v1' });
    expect(proxied.operations.rerank.path).toBe('/v1/rerank');
    expect(proxied.offers.has('rerank')).toBe(false);
  });

  it('carries the key as that place wants it', () => {
    const gemini = surface({
      kind: 'gemini',
      baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    });
    expect(gemini.faces[0]?.whole.headers).toEqual(['x-goog-api-key', 'sk-test-a']);
    expect(gemini.operations.embeddings).toEqual({
      path: '/v1beta/openai/embeddings',
      headers: ['authorization', 'Bearer sk-test-a'],
    });
    const deepseek = surface({ kind: 'deepseek', baseUrl: 'https://api.deepseek.com' });
    expect(deepseek.faces.map(({ whole }) => whole.headers)).toEqual([
      ['authorization', 'Bearer sk-test-a'],
      ['x-api-key', 'sk-test-a', 'anthropic-version', '2023-06-01'],
    ]);
  });
});

describe('what the configuration says of a provider', () => {
  const host = { kind: 'openai-compatible', baseUrl: 'https://llm.example/api' };

  it('makes any host one of any dialect, each where its maker has it', () => {
    const both = surface({ ...host, dialects: ['anthropic-messages', 'openai-chat'] });
    expect(faces(both)).toEqual([
      ['anthropic-messages', '/api/messages', '/api/messages'],
      chat('/api/chat/completions'),
    ]);
    expect(both.faces[0]?.whole.headers).toEqual([
      'authorization',
      'Bearer sk-test-a',
      'anthropic-version',
      '2023-06-01',
    ]);
    expect(faces(surface({ kind: 'anthropic', dialects: ['openai-chat'] }))).toEqual([
      chat('/v1/chat/completions'),
    ]);
  });

  it('keeps what is special about a dialect of the vendor that is declared', () => {
    const mistral = surface({ kind: 'mistral', dialects: ['openai-chat'] });
    expect(mistral.faces[0]?.face.unsupported).toContain('stream_options');
  });

  it('shows the key as it says, at every face and operation', () => {
    const header = surface({
      ...host,
      auth: { kind: 'header', name: 'authorization', scheme: 'Api-Key' },
    });
    expect(header.operations.embeddings.headers).toEqual(['authorization', 'Api-Key sk-test-a']);
    const query = surface({ kind: 'deepseek', auth: { kind: 'query', name: 'key' } });
    for (const { whole } of query.faces) {
      expect(whole.path).toMatch(/\?key=sk-test-a$/);
      expect(whole.headers.join(' ')).not.toContain('sk-test-a');
    }
    const gemini = surface({
      kind: 'gemini',
      baseUrl: 'https://g.example/v1beta',
      auth: { kind: 'query', name: 'key' },
    });
    expect(gemini.faces[0]?.streamed.path).toMatch(/\?alt=sse&key=sk-test-a$/);
    expect(gemini.operations.embeddings.headers).toEqual([]);
  });

  it('adds its headers to every call, in place of a vendor’s own of the same name', () => {
    const value = (text: string) => ({ value: new Secret(text), fingerprint: '0' });
    const { faces: spoken } = surface({
      kind: 'anthropic',
      headers: [
        { name: 'anthropic-beta', ...value('files-api') },
        { name: 'anthropic-version', ...value('2027-01-01') },
      ],
    });
    expect(spoken[0]?.whole.headers).toEqual([
      'x-api-key',
      'sk-test-a',
      'anthropic-version',
      '2027-01-01',
      'anthropic-beta',
      'files-api',
    ]);
  });

  it('dates the API where it says so, and Azure’s older one without being told', () => {
    const azure = { kind: 'azure-openai', baseUrl: 'https://r.openai.azure.com/openai' };
    const path = (of: Surface) => of.operations.embeddings.path;
    expect(path(surface(azure))).toBe(
      '/openai/deployments/gpt-5/embeddings?api-version=2024-10-21',
    );
    expect(path(surface({ ...azure, apiVersion: '2025-04-01-preview' }))).toMatch(
      /\?api-version=2025-04-01-preview$/,
    );
    const v1 = { ...azure, baseUrl: `${azure.baseUrl}/v1` };
    expect(path(surface(v1))).toBe('/openai/v1/embeddings');
    expect(path(surface({ ...v1, apiVersion: 'preview' }))).toBe(
      '/openai/v1/embeddings?api-version=preview',
    );
  });
});
