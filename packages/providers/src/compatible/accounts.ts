import type { Outcome } from '@keywell/core/keys/outcome';
import type { AccountPath } from './vendor.ts';

/** What an account's id looks like in a header: a word of letters, digits and a few marks, never a sentence. */
const ACCOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Reads account nodes from two headers; what is no id is as if it were not there. */
export function accountFrom(organization: string, project: string) {
  return (header: Outcome['header']): AccountPath | null => {
    const outer = idIn(header(organization));
    if (outer === null) return null;
    const inner = idIn(header(project));
    return inner === null ? { organization: outer } : { organization: outer, project: inner };
  };
}

function idIn(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? '';
  return ACCOUNT_ID.test(trimmed) ? trimmed : null;
}
