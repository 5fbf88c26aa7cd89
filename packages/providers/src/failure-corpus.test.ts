import { readFileSync, readdirSync } from 'node:fs';
import type { Outcome } from '@keywell/core/keys/outcome';
import { SUCCESS, VERDICT_CLASSES } from '@keywell/core/keys/verdict';
import type { Verdict } from '@keywell/core/keys/verdict';
import { describe, expect, it } from 'vitest';
import { HOSTS } from './compatible/hosts/hosts.ts';
import { vendorKinds, vendorOf } from './registry.ts';

/** One recorded or derived response, and what has to be made of it. */
interface Fixture {
  readonly name: string;
  /** Where the shape was seen. */
  readonly source: string;
  /** Whether the shape was seen in the wild or in official documentation, as opposed to derived. */
  readonly verified: boolean;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A text as it is, anything else as JSON. */
  readonly body: unknown;
  /** A subset of the verdict; null stands for a field that must be absent. */
  readonly expect: Readonly<Record<string, unknown>>;
}

const WALL_NOW = Date.UTC(2026, 10, 23, 12, 0, 0);

function fixturesOf(folder: string): readonly Fixture[] {
  const directory = new URL(`./${folder}/fixtures/`, import.meta.url);
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file): Fixture => JSON.parse(readFileSync(new URL(file, directory), 'utf8')));
}

function outcomeOf(fixture: Fixture): Outcome {
  const { body } = fixture;
  return {
    status: fixture.status,
    failure: null,
    header: (name) => fixture.headers[name],
    body: typeof body === 'string' ? body : JSON.stringify(body),
    wallNow: WALL_NOW,
  };
}

/** Folders of vendors, with the kind that each is the table of. */
const FOLDERS = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'catalogue')
  .toSorted((left, right) => left.name.localeCompare(right.name))
  .map(({ name }) => [name === 'compatible' ? 'openai-compatible' : name, name] as const);

/** A verdict with every field. */
const WHOLE: Required<Verdict> = {
  ...SUCCESS,
  endsInMs: 1,
  refusedNeed: 1,
  limit: 1,
  used: 1,
  probe: 'never',
  fault: 'context_length',
  level: 'project',
  implausible: true,
  counts: true,
  unreached: true,
  unexplained: true,
  corrected: true,
};

/** Fields that the verdict of a fixture is held against. */
const FIELDS = new Set(Object.keys(WHOLE));

describe('the corpus', () => {
  it('has a folder for every kind, but for those that share the table of another', () => {
    const kinds = FOLDERS.map(([kind]) => kind);
    const hosts = HOSTS.map(({ kind }) => kind);
    const shared = ['anthropic-compatible', 'sglang', 'tgi', ...hosts];
    expect(vendorKinds().filter((kind) => !shared.includes(kind))).toEqual(
      expect.arrayContaining(kinds),
    );
    expect(kinds).toHaveLength(vendorKinds().length - shared.length);
  });

  it('proves every class that an answer can have', () => {
    const all = FOLDERS.flatMap(([, folder]) => fixturesOf(folder));
    const proven = new Set(all.map((fixture) => fixture.expect['class']));
    // nothing was answered where it is not known whether the provider took the call
    expect(VERDICT_CLASSES.filter((each) => !proven.has(each))).toEqual(['ambiguous_accept']);
  });
});

describe.each(FOLDERS)('the failure table of %s', (kind, folder) => {
  const fixtures = fixturesOf(folder);

  it('has a corpus, and every fixture says where its shape is from', () => {
    expect(fixtures.length).toBeGreaterThan(4);
    for (const fixture of fixtures) {
      expect([fixture.name, fixture.source.length > 0]).toEqual([fixture.name, true]);
      expect(typeof fixture.verified).toBe('boolean');
      expect(Object.keys(fixture.expect).filter((field) => !FIELDS.has(field))).toEqual([]);
      expect(fixture.expect).toHaveProperty('class');
    }
  });

  it("never marks a key for a caller's mistake, whatever the prompt in it says", () => {
    const callers = fixtures.filter((fixture) => fixture.expect['class'] === 'caller_fault');
    expect(callers.length).toBeGreaterThan(0);
  });

  it.each(fixtures.map((fixture) => [fixture.name, fixture] as const))('reads %s', (_, fixture) => {
    const verdict: Partial<Verdict> = vendorOf(kind)?.classify(outcomeOf(fixture)) ?? {};
    const fields = new Map<string, unknown>(Object.entries(verdict));
    for (const [field, wanted] of Object.entries(fixture.expect)) {
      expect([field, fields.get(field) ?? null]).toEqual([field, wanted]);
    }
    expect(verdict.evidence?.length).toBeLessThan(200);
  });
});
