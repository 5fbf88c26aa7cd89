// Documentation points at things; they have to be there.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LEASES } from '@keywell/core/keys/table-layout';
import { metricNames } from './reference/metrics-page.ts';
import { readTracked, repository, trackedFiles } from './tracked-files.ts';

const pages = trackedFiles().filter((path) => path.endsWith('.md'));

/** Text without code blocks, in which brackets mean something else. */
function prose(path: string): string {
  return readTracked(path).replaceAll(/^```[\s\S]*?^```/gm, '');
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((found) => found[1] ?? '');
}

describe('links', () => {
  it.each(pages)('of %s lead to files that exist', (path) => {
    const targets = matches(prose(path), /\]\(([^)\s#]+)(?:#[^)]*)?\)/g);
    const local = targets.filter((each) => !/^[a-z]+:/.test(each));
    const dead = local.filter((each) => !existsSync(join(repository, dirname(path), each)));
    expect(dead).toEqual([]);
  });
});

describe('THREAT_MODEL.md', () => {
  const text = readTracked('THREAT_MODEL.md');

  it('names tests that exist', () => {
    const named = matches(text, /`([\w./-]+\.test\.ts)`/g);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((each) => !existsSync(join(repository, each)))).toEqual([]);
  });
});

describe('commands in the documentation', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readTracked('package.json'));

  it.each(pages)('of %s are scripts of package.json', (path) => {
    const named = matches(readTracked(path), /\bnpm run ([a-z:]+)/g);
    expect(named.filter((each) => !(each in scripts))).toEqual([]);
  });
});

describe('how many attempts a worker can hold', () => {
  it.each(['docs/exhaustion.md', 'docs/reference/config.md'])('is said in %s as it is', (path) => {
    const text = readTracked(path).replaceAll(/\s+/g, ' ');
    const said = matches(text, /([\d,]+) attempts under way/g);
    expect(said.map((figure) => Number(figure.replaceAll(',', '')))).toEqual([LEASES]);
  });
});

describe('metrics in the documentation', () => {
  const known = new Set(metricNames());

  it.each(pages)('of %s are counted', (path) => {
    const named = matches(readTracked(path), /`(keywell_[a-z_]+)`/g);
    expect(named.filter((each) => !known.has(each))).toEqual([]);
  });
});
