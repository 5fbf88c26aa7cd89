import { describe, expect, it } from 'vitest';
import { vendorOf } from '../registry.ts';
import { configured } from './configured.ts';
import { ownPaths } from './own-paths.ts';

function isOwn(kind: string, baseUrl: string, path: string): boolean {
  const vendor = vendorOf(kind);
  if (vendor === null) throw new Error(`no vendor ${kind}`);
  const here = configured(vendor, { baseUrl, failures: [] });
  return ownPaths(here, baseUrl)(new URL(baseUrl).pathname.replace(/\/$/, '') + path) !== null;
}

const OPENAI = 'https://api.openai.com/v1';
const ANTHROPIC = 'https://api.anthropic.com/v1';
const GEMINI = 'https://generativelanguage.googleapis.com/v1beta';
const BEDROCK = 'https://bedrock-runtime.us-east-1.amazonaws.com';
const AZURE = 'https://r.openai.azure.com/openai';
const VERTEX = 'https://us-aiplatform.googleapis.com/v1/projects/p/locations/us';

describe('a path that the gateway has a route for', () => {
  it.each([
    ['openai', OPENAI, '/chat/completions'],
    ['openai', OPENAI, '/Chat/COMPLETIONS'],
    ['openai', OPENAI, '/completions'],
    ['openai', OPENAI, '/embeddings'],
    ['openai', OPENAI, '/responses'],
    ['openai', OPENAI, '/responses/resp_1/cancel'],
    ['openai', OPENAI, '/files'],
    ['openai', OPENAI, '/files/file-1/content'],
    ['openai', OPENAI, '/batches/batch_1'],
    ['openai', OPENAI, '/realtime'],
    ['openai', OPENAI, '/realtime/client_secrets'],
    ['openai', OPENAI, '/audio/transcriptions'],
    ['openai', OPENAI, '/images/edits'],
    ['openai', OPENAI, '/moderations'],
    // known behind whatever prefix, since the base URL may lack its own
    ['openai', 'https://api.openai.com', '/v1/chat/completions'],
    ['openai', 'https://api.openai.com', '/v1/embeddings'],
    ['openai', 'https://api.openai.com', '/v1/files/file-1'],
    ['anthropic', 'https://api.anthropic.com', '/v1/messages'],
    ['openai-compatible', 'http://127.0.0.1:8000/v1', '/chat/completions'],
    ['anthropic', ANTHROPIC, '/messages'],
    ['anthropic', ANTHROPIC, '/messages/count_tokens'],
    ['gemini', GEMINI, '/models/gemini-3-pro:generateContent'],
    ['gemini', GEMINI, '/models/gemini-3-pro:streamGenerateContent'],
    ['gemini', GEMINI, '/models/gemini-3-pro:countTokens'],
    ['gemini', GEMINI, '/models/x:embedContent'],
    ['gemini', GEMINI, '/models/x:batchEmbedContents'],
    ['gemini', GEMINI, '/tunedModels/mine:generateContent'],
    ['gemini', GEMINI, '/openai/chat/completions'],
    ['gemini', GEMINI, '/openai/files/f'],
    ['bedrock', BEDROCK, '/model/anthropic.claude-v1:0/converse'],
    ['bedrock', BEDROCK, '/model/anthropic.claude-v1:0/converse-stream'],
    ['azure-openai', AZURE, '/deployments/mine/chat/completions'],
    ['azure-openai', AZURE, '/deployments/mine/embeddings'],
    ['vertex', VERTEX, '/publishers/google/models/gemini-3-pro:generateContent'],
    ['vertex', VERTEX, '/publishers/anthropic/models/claude-x:rawPredict'],
    ['vertex', VERTEX, '/endpoints/openapi/chat/completions'],
  ])('of %s at %s: %s', (kind, baseUrl, path) => {
    expect(isOwn(kind, baseUrl, path)).toBe(true);
  });

  it.each([
    ['openai', OPENAI, '/fine_tuning/jobs'],
    ['openai', OPENAI, '/vector_stores/vs_1/files'],
    ['openai', OPENAI, '/vector_stores/vs_1/file_batches'],
    ['openai', OPENAI, '/threads/t/messages'],
    ['openai', OPENAI, '/chat/completions/chatcmpl-1'],
    ['openai', OPENAI, '/models/ft:gpt-5:me'],
    ['openai', OPENAI, '/filesystem'],
    ['anthropic', ANTHROPIC, '/models'],
    // In its own words, which no route of the gateway speaks.
    ['anthropic', ANTHROPIC, '/messages/batches'],
    ['anthropic', ANTHROPIC, '/files/file_1'],
    ['anthropic', ANTHROPIC, '/skills'],
    ['gemini', GEMINI, '/cachedContents'],
    ['gemini', GEMINI, '/models/imagen-4:predict'],
    ['bedrock', BEDROCK, '/model/anthropic.claude-v1:0/invoke'],
    ['bedrock', BEDROCK, '/guardrail/g/version/1/apply'],
    ['vertex', VERTEX, '/publishers/google/models/imagen:predict'],
  ])('not of %s at %s: %s', (kind, baseUrl, path) => {
    expect(isOwn(kind, baseUrl, path)).toBe(false);
  });
});
