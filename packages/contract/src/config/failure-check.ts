import { patternFault } from '@keywell/core/keys/failure-pattern';
import type { Findings } from './findings.ts';
import { type LooseRecord, records, text } from './loose-config.ts';

const CONDITIONS = ['status', 'code', 'type', 'message_prefix', 'message_pattern'];

/** Checks rows of failures for what would make them fit everything, or run for ever. */
export function checkFailures(found: Findings, provider: LooseRecord): void {
  for (const row of records(provider, 'failures')) {
    checkPattern(found, row);
    const asked = CONDITIONS.filter((name) => row.get(name) !== undefined);
    if (asked.length === 0)
      found.refuse(
        [...row.path, 'name'],
        'This row asks about nothing, so it would fit every failure.',
        `Give it one of ${CONDITIONS.join(', ')}.`,
      );
    else if (asked.some((name) => name.startsWith('message_')) && !asked.includes('status'))
      found.warn(
        [...row.path, 'name'],
        'This row reads a message under any status, and a message may quote what a caller wrote.',
        'Name the statuses under which the provider says it, without 400 if possible.',
      );
  }
}

function checkPattern(found: Findings, row: LooseRecord): void {
  const pattern = text(row, 'message_pattern');
  if (pattern === null) return;
  const path = [...row.path, 'message_pattern'];
  if (row.get('message_prefix') !== undefined)
    found.refuse(
      path,
      'A row has a "message_prefix" or a "message_pattern", not both.',
      'Remove one of the two, or make two rows of it.',
    );
  const fault = patternFault(pattern);
  if (fault !== null)
    found.refuse(
      path,
      `The pattern ${fault}.`,
      'Write an anchored pattern without nested quantifiers, such as "^Team \\\\S{1,64} has no credits", or a "message_prefix".',
    );
}
