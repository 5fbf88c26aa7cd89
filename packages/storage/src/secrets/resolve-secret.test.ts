import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isSecretReference, resolveSecret } from './resolve-secret.ts';

const dir = mkdtempSync(join(tmpdir(), 'keywell-secrets-'));
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});
const variables: Readonly<Record<string, string>> = { KEY: 'sk-canary-env', EMPTY: '' };
const env = (name: string): string | undefined => variables[name];
const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(dir, name), content);
  return `file:${join(dir, name)}`;
};

describe('a secret reference', () => {
  it.each([
    ['env:KEY', 'sk-canary-env', false],
    [file('plain', 'sk-file'), 'sk-file', false],
    [file('unix', 'sk-file\n'), 'sk-file', false],
    [file('windows', 'sk-file\r\n'), 'sk-file', false],
    [file('two', 'sk\n\n'), 'sk\n', false],
    [file('full', 'x'.repeat(65_536)), 'x'.repeat(65_536), false],
    ['sk-literal', 'sk-literal', true],
    ['sk:with:colons', 'sk:with:colons', true],
  ])('%s gives its value', (reference, value, literal) => {
    const resolved = resolveSecret(reference, env);
    if (!resolved.ok) throw new Error(resolved.message);
    expect(resolved.secret.reveal()).toBe(value);
    expect(resolved.literal).toBe(literal);
    expect(JSON.stringify(resolved)).not.toContain('sk');
    expect(isSecretReference(reference)).toBe(!literal);
  });

  mkdirSync(join(dir, 'folder'));
  spawnSync('mkfifo', [join(dir, 'pipe')]);
  it.each([
    ['env:', 'name of an environment variable'],
    ['env:A B', 'name of an environment variable'],
    ['env:NONE', 'NONE is not set'],
    ['env:EMPTY', 'EMPTY is empty'],
    ['file:', 'after "file:" comes a path'],
    [`file:${join(dir, 'none')}`, 'does not exist'],
    [`file:${join(dir, 'folder')}`, 'not a regular file'],
    [`file:${join(dir, 'pipe')}`, 'not a regular file'],
    ['file:/dev/zero', 'not a regular file'],
    [file('nothing', '\n'), 'is empty'],
    [file('large', 'x'.repeat(65_537)), 'larger than 65536 bytes'],
    [file('binary', Buffer.from([0xff, 0xfe, 0x00])), 'not text in UTF-8'],
    ['', 'write env:NAME or file:/path'],
    ['ENV:KEY', 'as in env:…'],
    [' file: /x', 'as in file:…'],
    ['$KEY', 'write env:NAME'],
    ['${KEY}', 'write env:NAME'],
  ])('%s is a problem that says what would be right', (reference, message) => {
    const resolved = resolveSecret(reference, env);
    expect(resolved.ok).toBe(false);
    expect(resolved.ok ? '' : resolved.message).toContain(message);
  });
});
