// Every rule on who may import whom is shown to fire: a rule that matches nothing passes for ever.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const configFile = join(root, '.dependency-cruiser.cjs');

/** A file that breaks exactly one rule. */
interface Planted {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

const planted: readonly Planted[] = [
  ...['core', 'wire', 'providers', 'contract'].map((each) => ({
    rule: 'pure-packages-do-no-io',
    file: `packages/${each}/src/reads-a-file.ts`,
    source: "import 'node:fs';",
  })),
  {
    rule: 'core-imports-nothing',
    file: 'packages/core/src/knows-wire.ts',
    source: "import '@keywell/wire/leaf';",
  },
  {
    rule: 'wire-imports-core',
    file: 'packages/wire/src/knows-providers.ts',
    source: "import '@keywell/providers/leaf';",
  },
  {
    rule: 'providers-import-core-and-wire',
    file: 'packages/providers/src/knows-gateway.ts',
    source: "import '@keywell/gateway/leaf';",
  },
  {
    rule: 'contract-imports-core',
    file: 'packages/contract/src/knows-control.ts',
    source: "import '@keywell/control/leaf';",
  },
  {
    rule: 'storage-imports-core',
    file: 'packages/storage/src/knows-control.ts',
    source: "import '@keywell/control/leaf';",
  },
  {
    rule: 'simulator-stays-outside',
    file: 'packages/simulator/src/knows-gateway.ts',
    source: "import '@keywell/gateway/leaf';",
  },
  {
    rule: 'gateway-never-sees-control',
    file: 'packages/gateway/src/knows-control.ts',
    source: "import '@keywell/control/leaf';",
  },
  {
    rule: 'gateway-never-sees-control',
    file: 'packages/gateway/src/knows-the-type-of-control.ts',
    source: "import type { leaf } from '@keywell/control/leaf'; export type A = typeof leaf;",
  },
  {
    rule: 'control-never-sees-gateway',
    file: 'packages/control/src/knows-gateway.ts',
    source: "export const later = () => import('@keywell/gateway/leaf');",
  },
  {
    rule: 'console-speaks-the-contract',
    file: 'apps/console/src/knows-control.ts',
    source: "import '@keywell/control/leaf';",
  },
  {
    rule: 'cli-speaks-the-contract',
    file: 'apps/cli/src/knows-storage.ts',
    source: "import '@keywell/storage/leaf';",
  },
  {
    rule: 'features-meet-at-read-models',
    file: 'packages/control/src/features/budgets/peeks.ts',
    source: "import '../keys/key-store.ts';",
  },
  {
    rule: 'pure-packages-take-no-npm',
    file: 'packages/wire/src/takes-a-library.ts',
    source: "import 'declared';",
  },
  {
    rule: 'contract-stays-at-the-edge',
    file: 'packages/control/src/features/budgets/budget-service.ts',
    source: "import '@keywell/contract/leaf';",
  },
  {
    rule: 'providers-are-strangers',
    file: 'packages/providers/src/openai/knows-another-vendor.ts',
    source: "import '../anthropic/manifest.ts';",
  },
  {
    rule: 'catalogue-stays-on-the-main-thread',
    file: 'packages/gateway/src/looks-a-price-up.ts',
    source: "import '@keywell/providers/catalogue/find-model';",
  },
  {
    rule: 'phases-are-siblings',
    file: 'packages/gateway/src/phases/calls-a-sibling.ts',
    source: "import '../server/listener.ts';",
  },
  {
    rule: 'no-cycles',
    file: 'packages/core/src/cycle-a.ts',
    source: "import './cycle-b.ts';",
  },
  {
    rule: 'tests-are-leaves',
    file: 'packages/core/src/leans-on-a-test.ts',
    source: "import './some.test.ts';",
  },
  {
    rule: 'tests-are-leaves',
    file: 'apps/server/src/ships-the-testkit.ts',
    source: "import '@keywell/testkit/leaf';",
  },
  {
    rule: 'no-undeclared-packages',
    file: 'packages/control/src/takes-what-it-does-not-declare.ts',
    source: "import 'undeclared';",
  },
];

/** What is allowed and must stay so: no rule may fire on these. */
const innocent: readonly Omit<Planted, 'rule'>[] = [
  { file: 'packages/core/src/some.test.ts', source: "import 'node:fs';" },
  { file: 'packages/wire/src/uses-core.ts', source: "import '@keywell/core/leaf';" },
  {
    file: 'packages/gateway/src/uses-what-it-may.ts',
    source: "import 'node:http'; import '@keywell/core/leaf'; import '@keywell/providers/leaf';",
  },
  {
    file: 'packages/control/src/uses-what-it-may.ts',
    source:
      "import '@keywell/storage/leaf'; import '@keywell/contract/leaf'; import 'declared'; import '@keywell/providers/catalogue/find-model';",
  },
  {
    file: 'packages/control/src/features/budgets/reads-another-feature.ts',
    source: "import '../keys/key-read-model.ts';",
  },
  {
    file: 'packages/providers/src/openai/uses-compatible.ts',
    source: "import '../compatible/manifest.ts';",
  },
  {
    file: 'apps/server/src/wires-everything.ts',
    source: "import '@keywell/gateway/leaf'; import '@keywell/control/leaf';",
  },
  ...[
    'packages/control/src/features/keys/key-store.ts',
    'packages/control/src/features/keys/key-read-model.ts',
    'packages/providers/src/anthropic/manifest.ts',
    'packages/providers/src/compatible/manifest.ts',
    'packages/providers/src/catalogue/find-model.ts',
    'packages/gateway/src/server/listener.ts',
  ].map((file) => ({ file, source: 'export const leaf = 1;' })),
];

const PACKAGES = [
  'core',
  'wire',
  'providers',
  'contract',
  'storage',
  'simulator',
  'gateway',
  'control',
  'testkit',
];

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

const scratch = mkdtempSync(join(tmpdir(), 'keywell-architecture-'));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(scratch, path)), { recursive: true });
  writeFileSync(join(scratch, path), content);
}

function layOutWorkspaces(): void {
  // The other half of a cycle, which is reported once, for the file that comes first.
  write('packages/core/src/cycle-b.ts', "import './cycle-a.ts';");
  write('package.json', '{"name":"planted","private":true,"workspaces":["packages/*","apps/*"]}');
  write('tsconfig.json', readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  for (const library of ['declared', 'undeclared']) {
    write(`node_modules/${library}/package.json`, `{"name":"${library}","main":"index.js"}`);
    write(`node_modules/${library}/index.js`, '');
  }
  mkdirSync(join(scratch, 'node_modules/@keywell'));
  for (const name of PACKAGES) {
    const manifest = { name: `@keywell/${name}`, exports: { './*': './src/*.ts' } };
    const dependencies = Object.fromEntries(PACKAGES.map((each) => [`@keywell/${each}`, '*']));
    const all = { ...manifest, dependencies: { ...dependencies, declared: '*' } };
    write(`packages/${name}/package.json`, JSON.stringify(all));
    write(`packages/${name}/src/leaf.ts`, 'export const leaf = 1;');
    symlinkSync(join(scratch, 'packages', name), join(scratch, 'node_modules/@keywell', name));
  }
  for (const name of ['server', 'cli', 'console']) {
    const dependencies = Object.fromEntries(PACKAGES.map((each) => [`@keywell/${each}`, '*']));
    write(`apps/${name}/package.json`, JSON.stringify({ name, dependencies }));
  }
}

/** The names of the rules that fired on each file of the planted tree. */
function cruise(): Map<string, Set<string>> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, 'packages', 'apps', '--config', configFile, '--output-type', 'json'];
  const done = spawnSync(process.execPath, args, { cwd: scratch, encoding: 'utf8' });
  const { summary }: { summary: { violations: Violation[] } } = JSON.parse(done.stdout);
  const fired = new Map<string, Set<string>>();
  for (const each of summary.violations) {
    const rules = fired.get(each.from) ?? new Set();
    fired.set(each.from, rules.add(each.rule.name));
  }
  return fired;
}

describe('import direction', () => {
  let fired: Map<string, Set<string>>;

  beforeAll(() => {
    layOutWorkspaces();
    for (const each of [...planted, ...innocent]) write(each.file, each.source);
    fired = cruise();
  });

  it.each(planted)('$rule fires, alone, on $file', ({ rule, file }) => {
    expect([...(fired.get(file) ?? [])]).toEqual([rule]);
  });

  it.each(innocent)('no rule fires on $file', ({ file }) => {
    expect([...(fired.get(file) ?? [])]).toEqual([]);
  });

  it('has a planted violation for every rule of the configuration', () => {
    const config: { forbidden: { name: string }[] } = createRequire(import.meta.url)(configFile);
    const names = config.forbidden.map((each) => each.name);
    expect(new Set(planted.map((each) => each.rule))).toEqual(new Set(names));
  });
});

/** Lints planted files under the project's own configuration; the files each rule of ours fires on. */
function lint(folder: string, files: readonly { file: string; source: string }[]) {
  const config = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8'));
  const plugin = join(root, 'tools/lint/index.mjs');
  write(
    `${folder}/.oxlintrc.json`,
    JSON.stringify({ ...config, jsPlugins: [plugin], options: { typeAware: false } }),
  );
  for (const each of files) write(`${folder}/${each.file}`, each.source);
  const program = join(root, 'node_modules/.bin/oxlint');
  const done = spawnSync(program, ['--format', 'json', '.'], {
    cwd: join(scratch, folder),
    encoding: 'utf8',
  });
  const report: { diagnostics: { code: string; filename: string }[] } = JSON.parse(done.stdout);
  return (rule: string): ReadonlySet<string> => {
    const ours = report.diagnostics.filter((each) => each.code.includes(rule));
    return new Set(ours.map((each) => each.filename));
  };
}

describe('keywell/no-process-env', () => {
  const readings = {
    member: "export const a = process.env['A'];",
    'computed member': "export const a = process['env'];",
    'member of globalThis': 'export const a = globalThis.process.env;',
    destructured: 'export const { env } = process;',
    'renamed while destructured': 'export const { env: a } = process;',
    imported: "import { env } from 'node:process'; export const a = env;",
    'imported under another name': "import { env as e } from 'node:process'; export const a = e;",
  };
  const files = Object.entries(readings).map(([how, source], index) => ({
    how,
    source,
    file: `packages/core/src/reads-${index}.ts`,
  }));
  const allowed = 'apps/server/src/config.ts';
  let flagged: ReadonlySet<string>;

  beforeAll(() => {
    const all = [...files, { file: allowed, source: readings.member }];
    flagged = lint('lint', all)('no-process-env');
  });

  it.each(files)('fires on an environment that is $how', ({ file }) => {
    expect(flagged).toContain(file);
  });

  it('leaves the one file alone that may read it', () => {
    expect(flagged).not.toContain(allowed);
  });
});

describe('keywell/no-function-into-property', () => {
  const written = 'export class A { b: (() => void) | null = null; c() {';
  const files = [
    {
      how: 'an arrow',
      file: 'packages/gateway/src/a.ts',
      source: `${written} this.b = () => {}; } }`,
    },
    {
      how: 'a function',
      file: 'packages/core/src/b.ts',
      source: `${written} this.b = function () {}; } }`,
    },
  ];
  const harmless = [
    {
      how: 'a name of its own',
      file: 'packages/gateway/src/c.ts',
      source: `${written} const d = () => {}; this.b = d; } }`,
    },
    {
      how: 'a test',
      file: 'packages/gateway/src/d.test.ts',
      source: `${written} this.b = () => {}; } }`,
    },
    {
      how: 'code that no request runs',
      file: 'apps/cli/src/e.ts',
      source: `${written} this.b = () => {}; } }`,
    },
  ];
  let flagged: ReadonlySet<string>;

  beforeAll(() => {
    flagged = lint('functions', [...files, ...harmless])('no-function-into-property');
  });

  it.each(files)('fires on $how that is written straight into a property', ({ file }) => {
    expect(flagged).toContain(file);
  });

  it.each(harmless)('leaves $how alone', ({ file }) => {
    expect(flagged).not.toContain(file);
  });
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));
