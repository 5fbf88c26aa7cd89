import { mayBeDeclared, mayCarryKey } from '@keywell/core/snapshot/auth-scheme';
import { showName } from './config-problem.ts';
import type { Findings } from './findings.ts';
import { loose, type LooseRecord, text, texts } from './loose-config.ts';

const MAX_HEADERS = 32;
const MAX_VALUE = 8192;
/** Printable ASCII, no space at either end: what a header can carry. A reference looks like that, too. */
const VALUE = /^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/;

/** Checks how a provider is reached: that what is sent can be sent, and cannot be taken for something else. */
export function checkReach(found: Findings, provider: LooseRecord): void {
  const auth = loose(provider.get('auth'), [...provider.path, 'auth']);
  if (auth !== null) checkAuth(found, auth);
  const headers = provider.get('headers');
  const declared = loose(headers, [...provider.path, 'headers']);
  if (declared !== null) checkHeaders(found, declared, Object.keys(Object(headers)));
  checkDialects(found, provider);
}

function checkAuth(found: Findings, auth: LooseRecord): void {
  const kind = text(auth, 'kind');
  const name = text(auth, 'name');
  if (kind === 'bearer' && auth.get('name') !== undefined)
    found.refuse(
      [...auth.path, 'name'],
      'A bearer has no name of its own.',
      'Remove it, or write "kind: header".',
    );
  if ((kind === 'header' || kind === 'query') && auth.get('name') === undefined)
    found.refuse(
      [...auth.path, 'kind'],
      'It is not said where the key goes.',
      kind === 'header' ? 'Add a name, such as "x-api-key".' : 'Add a name, such as "key".',
    );
  if (kind !== 'header' && kind !== null && auth.get('scheme') !== undefined)
    found.refuse(
      [...auth.path, 'scheme'],
      'Only a header has a word before the key.',
      'Remove it, or write "kind: header" and "name: authorization".',
    );
  if (kind === 'header' && name !== null && !mayCarryKey(name.toLowerCase()))
    found.refuse(
      [...auth.path, 'name'],
      `A key cannot go into the header "${showName(name)}".`,
      'Name a header that is not part of how messages are framed, such as "x-api-key".',
    );
}

function checkHeaders(found: Findings, headers: LooseRecord, names: readonly string[]): void {
  if (names.length > MAX_HEADERS)
    found.refuse(headers.path, 'These are too many headers.', `Keep at most ${MAX_HEADERS}.`);
  const seen = new Set<string>();
  for (const name of names) {
    const lower = name.toLowerCase();
    const path = [...headers.path, name];
    if (!mayBeDeclared(lower))
      found.refuse(
        path,
        `The header "${showName(name)}" cannot be declared.`,
        'Those that frame a message, carry a key or belong to Keywell are not for the file; a key goes into "keys", and "auth" says how it is sent.',
      );
    else if (seen.has(lower))
      found.refuse(
        path,
        `The header "${showName(name)}" is there twice.`,
        'Remove one of the two.',
      );
    seen.add(lower);
    const value = text(headers, name);
    if (value !== null && (value.length > MAX_VALUE || !VALUE.test(value)))
      found.refuse(
        path,
        `The value of "${showName(name)}" cannot stand in a header.`,
        'Write printable ASCII without spaces at its ends, or "env:NAME" or "file:path".',
      );
  }
}

function checkDialects(found: Findings, provider: LooseRecord): void {
  const seen = new Set<string>();
  for (const { index, text: dialect } of texts(provider, 'dialects')) {
    if (seen.has(dialect))
      found.refuse(
        [...provider.path, 'dialects', index],
        'This dialect is there twice.',
        'Name each once, the best first.',
      );
    seen.add(dialect);
  }
}
