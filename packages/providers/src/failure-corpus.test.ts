import { readFileSync, readdirSync } from 'node:fs';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Verdict } from '@keywell/core/keys/verdict';
import { describe, expect, it } from 'vitest';
import { vendorOf } from './registry.ts';

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

describe.each([
  ['openai', 'openai'],
  ['openai-compatible', 'compatible'],
])('the failure table of %s', (kind, folder) => {
  const fixtures = fixturesOf(folder);

  it('has a corpus', () => {
    expect(fixtures.length).toBeGreaterThan(30);
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
