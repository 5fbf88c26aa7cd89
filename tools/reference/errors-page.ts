import { ERRORS } from '../../packages/core/src/errors/catalogue.ts';
import { markdownTable } from './markdown-table.ts';

/** docs/reference/errors.md, from the catalogue in core. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS)
    .toSorted(([, a], [, b]) => a.status - b.status)
    .map(([code, row]) => [
      String(row.status),
      `\`${code}\``,
      `\`${row.openaiType}\``,
      row.title,
      row.hint,
    ]);
  return `# Errors

Every error that Keywell itself answers with. In the OpenAI dialect the code is \`error.code\`, and \`error.type\` is what OpenAI's own API says
for this kind of error, so that official SDKs raise the exception their users expect. Every answer carries \`keywell-request-id\`;
\`keywell logs show ID\` tells what happened. When a provider refuses a call for the caller's own fault (400, 404, 422), its answer is passed on
instead.

${markdownTable(['status', 'code', 'type (OpenAI dialect)', 'means', 'what would be right'], rows)}

A 429 and a 503 carry \`Retry-After\` in whole seconds where the time is known. After the head of a stream has been sent an error can only
travel inside the stream: an event \`data: {"error":…}\` follows, and then the connection breaks without the stream's regular end, so that no client takes
a part for the whole.

This page is generated from \`packages/core/src/errors/catalogue.ts\` by \`npm run docs\`.
`;
}
