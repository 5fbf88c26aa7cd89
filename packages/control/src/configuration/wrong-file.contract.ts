/** What is true of every wrong configuration file. */
import { describe, expect, it } from 'vitest';
import { CANARY, load } from './config-text.contract.ts';

export interface Wrong {
  readonly name: string;
  readonly text: string | Uint8Array;
  readonly at: `${number}:${number}`;
  readonly path: string;
  readonly message: RegExp;
  readonly hint: RegExp;
}

export function describeWrongFiles(what: string, files: readonly Wrong[]): void {
  describe(`a file with wrong ${what}`, () => {
    it.each(files)('with $name is refused with its place and what would be right', (wrong) => {
      const loaded = load(wrong.text);
      expect(loaded.ok).toBe(false);
      const problems = loaded.ok ? [] : loaded.problems;
      const [line, column] = wrong.at.split(':').map(Number);
      const found = problems.find(
        (each) => wrong.message.test(each.message) && each.path === wrong.path,
      );
      expect(found ?? problems).toMatchObject({
        file: 'keywell.yaml',
        line,
        column,
      });
      expect(found?.hint).toMatch(wrong.hint);
      expect(JSON.stringify(problems)).not.toContain(CANARY);
    });
  });
}
