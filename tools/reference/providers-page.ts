import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChargeRule } from '../../packages/core/src/keys/charge-rule.ts';
import { VERDICT_CLASSES } from '../../packages/core/src/keys/verdict.ts';
import type { AuthScheme } from '../../packages/core/src/snapshot/auth-scheme.ts';
import type { DialectFace } from '../../packages/providers/src/compatible/dialect-face.ts';
import type { HostRow } from '../../packages/providers/src/compatible/hosts/host-row.ts';
import { HOSTS } from '../../packages/providers/src/compatible/hosts/hosts.ts';
import type { Vendor } from '../../packages/providers/src/compatible/vendor.ts';
import { vendorKinds, vendorOf } from '../../packages/providers/src/registry.ts';
import { repository } from '../tracked-files.ts';
import { markdownTable } from './markdown-table.ts';

const FOLDER = 'packages/providers/src';

/** Some kinds share one table. */
const FOLDER_OF: Readonly<Record<string, string>> = {
  'anthropic-compatible': 'anthropic',
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

function urlOf({ baseUrl, baseUrlForm }: Vendor): string {
  if (baseUrl !== null) return code(baseUrl);
  return baseUrlForm === undefined ? 'of your own' : `of your own: ${code(baseUrlForm)}`;
}

function authOf(auth: AuthScheme): string {
  if (auth.kind === 'bearer') return 'bearer';
  return auth.kind === 'header' ? code(auth.name) : code(`?${auth.name}=`);
}

/** A dialect, with the models it is for and the key where it goes elsewhere. */
function faceOf({ dialect, models, auth }: DialectFace): string {
  const only = models === undefined ? '' : ` for ${models.map(code).join(', ')}`;
  return `${code(dialect)}${only}${auth === undefined ? '' : ` by ${authOf(auth)}`}`;
}

function reachRow(vendor: Vendor): readonly string[] {
  const { kind, faces, auth, needsKey, operations } = vendor;
  return [
    code(kind),
    urlOf(vendor),
    list(faces.map(faceOf)),
    `${authOf(auth)}${needsKey ? '' : ', if any'}`,
    list(Object.keys(operations).map(code)),
  ];
}

function variantRows({ kind, variants = [] }: Vendor): readonly (readonly string[])[] {
  return variants.map(({ shown, instead }) => [
    code(kind),
    shown,
    list((instead.faces ?? []).map(faceOf)),
    instead.auth === undefined ? 'as else' : authOf(instead.auth),
    instead.apiVersion === undefined ? '–' : code(instead.apiVersion),
  ]);
}

function quirkRows({ kind, faces }: Vendor): readonly (readonly string[])[] {
  return faces.flatMap(({ dialect, maxTokensField, unsupported = [] }) =>
    maxTokensField === undefined && unsupported.length === 0
      ? []
      : [[code(kind), code(dialect), maxTokensField ?? '–', list(unsupported.map(code))]],
  );
}

function sourceOf({ source, verified }: HostRow): string {
  const said = source.startsWith('https://') && !source.includes(', ') ? `<${source}>` : source;
  return verified ? said : `unverified: ${said}`;
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

const byKind = (left: { kind: string }, right: { kind: string }): number =>
  left.kind < right.kind ? -1 : 1;

/** docs/reference/providers.md, from the vendors' tables and their fixtures. */
export function providersPage(): string {
  const all = vendorKinds()
    .flatMap((kind) => vendorOf(kind) ?? [])
    .toSorted(byKind);
  const rows = new Map(HOSTS.map((row) => [row.kind, row]));
  const vendors = all.filter(({ kind }) => !rows.has(kind));
  const hosts = all.filter(({ kind }) => rows.has(kind));
  return `# Providers

Every \`kind\` a provider can have: ${all.length} of them. The [guide](../guides/add-a-provider.md) says how to add one, or how to reach any other host by
configuration alone. A call in a dialect that the provider speaks is passed on as it is; every other is translated into the first that is named here. *By*
says how a key is shown where a dialect wants it otherwise than the rest.

## Vendors with tables of their own

What their refusals and limit headers mean is a table in \`${FOLDER}/<vendor>/\`.

${markdownTable(['kind', 'base URL', 'dialects', 'key', 'operations'], vendors.map(reachRow))}

Below some base URLs a vendor is spoken to otherwise:

${markdownTable(['kind', 'base URL ends in', 'dialects', 'key', '`api-version`'], vendors.flatMap(variantRows))}

## Compatible hosts

The base URL was seen in pages of the vendor or in a public registry, where nothing else is said; none was called with a real key. Their refusals and limit headers are read as those of \`openai-compatible\`. Each is a row in \`${FOLDER}/compatible/hosts/\`.

${markdownTable(['kind', 'base URL', 'dialects', 'key', 'operations'], hosts.map(reachRow))}

${markdownTable(
  ['kind', 'who', 'where it is said'],
  hosts.map(({ kind }) => {
    const row = rows.get(kind);
    return row === undefined ? [] : [code(kind), row.name, sourceOf(row)];
  }),
)}

## What some do not take

The one name of the output limit that a host knows, and parameters that it refuses: they are taken out of a request, and named to the caller.

${markdownTable(['kind', 'dialect', 'output limit', 'taken out'], all.flatMap(quirkRows))}

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
