/** The guide's profiles are right, and what it says of the vendors' rules is what the faces do. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { FACES } from '../faces/faces.ts';
import { startSimulator } from '../start-simulator.ts';
import type { Simulator } from '../start-simulator.ts';
import { profileJsonSchema } from './profile-json-schema.ts';
import { parseProfile } from './parse-profile.ts';

const GUIDE = readFileSync(
  new URL('../../../../docs/guides/simulator.md', import.meta.url),
  'utf8',
);
const PROFILES = [...GUIDE.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

test('the guide has a profile of every field, one for Gemini, one for Anthropic', () => {
  expect(PROFILES.map((text) => /^face: (\w+)/m.exec(text)?.[1])).toEqual([
    'openai',
    'gemini',
    'anthropic',
  ]);
});

describe.each(PROFILES.map((text, at) => [at + 1, text] as const))('profile %i', (_, text) => {
  test('is right', () => {
    const parsed = parseProfile(text, 'guide.yaml');
    expect(parsed.ok ? [] : parsed.problems).toEqual([]);
  });

  test('starts, and answers its first key', async () => {
    const parsed = parseProfile(text, 'guide.yaml');
    const simulator = await startSimulator(parsed.ok ? { profile: parsed.profile } : {});
    open.push(simulator);
    simulator.clear();
    const [organization] = simulator.profile.organizations;
    const response = await fetch(`${simulator.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${organization?.projects[0]?.keys[0]?.value ?? ''}` },
      body: JSON.stringify({
        model: simulator.profile.models[0]?.id,
        messages: [{ role: 'user', content: 'x' }],
      }),
    });
    expect(response.status).toBe(200);
    await response.text();
  });
});

/** Every name of a field in a JSON Schema, faults' left out: the table of faults has those. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) => {
    if (name === 'faults') return [];
    return name === 'properties' ? Object.keys(value).concat(fieldsOf(value)) : fieldsOf(value);
  });
}

test('the first profile has every field there is', () => {
  const [all = ''] = PROFILES;
  const missing = fieldsOf(profileJsonSchema()).filter((name) => !all.includes(`${name}:`));
  expect(missing.filter((name) => name !== 'answer_text')).toEqual([]);
});

test('the table of rules is what the faces do', () => {
  const rows = [...GUIDE.matchAll(/^\| (`\w+`(?:, `\w+`)*) +((?:\| `[\w/]+` +){4})\|$/gm)];
  const told = rows.flatMap(([, names = '', cells = '']) => {
    const [minuteRefill, dayRefill, timeZone, charge] = [...cells.matchAll(/`([\w/]+)`/g)].map(
      ([, cell]) => cell,
    );
    const rules = { minuteRefill, dayRefill, timeZone, charge };
    return [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, rules]);
  });
  const real = Object.values(FACES).map(({ name, rules }) => [name, rules]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(real));
});
