import { readFileSync } from 'node:fs';
import { ENDPOINTS } from './endpoints.contract.ts';
import { KEPT_THINGS } from './kept.contract.ts';
import type { Matrix } from './matrix.contract.ts';
import { CLIENT_OPERATIONS } from './operations.contract.ts';
import { OUTBOUNDS } from './outbounds.contract.ts';

const PACKAGES = [
  'openai',
  '@anthropic-ai/sdk',
  '@google/genai',
  'ai',
  '@ai-sdk/openai',
  '@ai-sdk/anthropic',
  '@ai-sdk/google',
  '@langchain/openai',
  '@langchain/anthropic',
  '@langchain/google-genai',
];

/** As the repository pins them. */
function versions(): string {
  const root = new URL('../../../../../package.json', import.meta.url);
  const { devDependencies }: { devDependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(root, 'utf8'),
  );
  return PACKAGES.map((name) => `\`${name}\` ${devDependencies[name] ?? ''}`).join(', ');
}

/** docs/reference/clients.md. */
export function clientsPage(matrix: Matrix): string {
  const operations = CLIENT_OPERATIONS.map(({ name }) => name);
  const tables = OUTBOUNDS.map(
    ({ kind, dialect, model }) =>
      `## Answered by \`${kind}\`\n\nThe provider speaks ${dialect}; the model is \`${model}\`.\n\n${matrix.table(kind, operations)}`,
  );
  return `# Clients: what was seen to work

Official clients as they are, with another base URL, a key of Keywell and retries switched off, each against a provider of every dialect. The providers are the
[simulator](../guides/simulator.md), which checks requests, signatures and media as each vendor documents it; no real provider was called. Versions: ${versions()}.

✓ was seen by a test in the run that wrote this page:

- **text**, **stream**: a whole answer, and one in pieces.
- **tools**: a call of a tool with its arguments, the result handed back, an answer that knows it; whole, and both answers streamed.
- **vision**: a picture in base64 arrives as the picture it is.
- **JSON schema**: the answer has the form that was asked for.
- **unknown model**, **rate limit**: the client throws its own error for 404 and for 429.
- **broken stream**: the provider dies in the middle; the client throws instead of taking half an answer for a whole one.

${tables.join('\n\n')}

## Beside conversations

${matrix.table(
  'endpoints',
  ENDPOINTS.map(({ name }) => name),
)}

## Kept and carried

- **files**: uploaded, read, listed, fetched and deleted. **batches**: started, watched to their end, their output fetched; another one cancelled.
- **stored responses**: read, listed what went in, gone on from by \`previous_response_id\`, deleted.
- **encrypted reasoning**: \`store: false\` with \`include: ["reasoning.encrypted_content"]\`: the thoughts of one turn go back with the next, and are refused where a letter of them was changed.
- **realtime**: \`OpenAIRealtimeWS\` opens a session, says something and hears the answer. That client knows \`wss://\` alone, so something before the gateway has to end TLS;
  here its sockets were made without.
- **refused**: the provider has no such thing, or keeps nothing: the client throws, and the provider was not asked.

${matrix.table(
  'kept',
  KEPT_THINGS.map(({ name }) => name),
)}

## Worth knowing

- \`@langchain/google-genai\` sends pictures only to models whose names begin like \`gemini-2.5-\`: give a model an alias of that form. When a stream breaks, it throws,
  and leaves a second rejected promise to nobody: have a handler for \`unhandledRejection\`.
- \`@google/genai\` and LangChain have no class for each status: it stands in the error's \`status\`.

This page is written by \`packages/gateway/src/stories/clients/clients.test.ts\`.
`;
}
