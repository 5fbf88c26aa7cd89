import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChargeRule } from '../../packages/core/src/keys/charge-rule.ts';
import { VERDICT_CLASSES } from '../../packages/core/src/keys/verdict.ts';
import type { Vendor } from '../../packages/providers/src/compatible/vendor.ts';
import { vendorKinds, vendorOf } from '../../packages/providers/src/registry.ts';
import { repository } from '../tracked-files.ts';
import { markdownTable } from './markdown-table.ts';

const FOLDER = 'packages/providers/src';

/** Model servers share one table. */
const FOLDER_OF: Readonly<Record<string, string>> = {
  'openai-compatible': 'compatible',
  sglang: 'vllm',
  tgi: 'vllm',
};

interface Fixture {
  readonly verified: boolean;
  readonly expect: { readonly class?: string };
}

const code = (text: string): string => `\`${text}\``;
const list = (texts: readonly string[]): string => (texts.length === 0 ? '–' : texts.join(', '));

function fixturesOf(kind: string): readonly Fixture[] {
  const folder = join(repository, FOLDER, FOLDER_OF[kind] ?? kind, 'fixtures');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file): Fixture => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

function reachRow({ kind, baseUrl, baseUrlForm, operations }: Vendor): readonly string[] {
  const url = baseUrl === null ? (baseUrlForm ?? 'of your own') : code(baseUrl);
  return [code(kind), url, list(Object.keys(operations).map(code))];
}

function limitsRow({ kind, limits, charge, balanceCheck }: Vendor): readonly string[] {
  const dimensions = new Set(
    limits.flatMap((limit) => [limit.dimension, limit.longDimension ?? limit.dimension]),
  );
  const told = [...dimensions].map((each) => (each === 'unknown' ? 'a share' : code(each)));
  return [code(kind), list(told), chargeOf(charge), balanceCheck === undefined ? '–' : 'yes'];
}

const OUTPUT: Readonly<Record<ChargeRule['output'], string>> = {
  upfront: 'its allowance, on arrival',
  as_produced: 'as it is produced',
  at_end: 'what it was, at the end',
  never: 'never',
};
const CACHED: Readonly<Record<ChargeRule['cachedInput'], string>> = {
  counted: 'counted',
  excluded: 'not counted',
  apart: 'counted apart',
};

function chargeOf({ output, cachedInput }: ChargeRule): string {
  return `output ${OUTPUT[output]}; cached input ${CACHED[cachedInput]}`;
}

function evidenceRow(kind: string): readonly string[] {
  const fixtures = fixturesOf(kind);
  const seen = new Set(fixtures.map((fixture) => fixture.expect.class));
  const classes = VERDICT_CLASSES.filter((each) => each !== 'success' && seen.has(each));
  const verified = fixtures.filter((fixture) => fixture.verified).length;
  return [code(kind), list(classes.map(code)), `${verified} of ${fixtures.length}`];
}

/** docs/reference/providers.md, from the vendors' tables and their fixtures. */
export function providersPage(): string {
  const vendors = vendorKinds().flatMap((kind) => vendorOf(kind) ?? []);
  return `# Providers

Every \`kind\` a provider can have. What a vendor's answers mean is a table of its own in \`${FOLDER}/<vendor>/\`; the
[guide](../guides/add-a-provider.md) says how to add one, or how to add rows to one in the configuration. Keywell speaks OpenAI's dialect upstream; vendors
with one of their own are called at their OpenAI-compatible endpoint.

## Where they are

${markdownTable(['kind', 'base URL', 'operations'], vendors.map(reachRow))}

## Which limits they tell

From headers of every answer, in the dimensions they are told in. *A share* is a limit of which only the used part is told. What a vendor does not tell is learned
from refusals, or [declared](../guides/configuration.md#limits-prices-and-refusals-of-your-own).

${markdownTable(['kind', 'limits told', 'token limits count', 'free balance check'], vendors.map(limitsRow))}

## Which refusals are known

Classes of [exhaustion.md](../exhaustion.md) that fixtures prove, and how many of the fixtures hold a shape that was seen in the vendor's documentation or in a
public capture. The others are derived, or the shape as clients know it; each fixture names its source.

${markdownTable(
  ['kind', 'classes', 'fixtures verified'],
  vendors.map(({ kind }) => evidenceRow(kind)),
)}

This page is generated from \`${FOLDER}\` by \`npm run docs\`.
`;
}
