import { describe, expect, it } from 'vitest';
import { passedQuery, readPassedPath } from './passed-path.ts';

describe('a path that is passed through', () => {
  it.each([
    ['/fine_tuning/jobs', '/fine_tuning/jobs'],
    ['/fine_tuning/jobs/ftjob-1.x~y', '/fine_tuning/jobs/ftjob-1.x~y'],
    ['/tunedModels/x:transferOwnership', '/tunedModels/x:transferOwnership'],
    ['/tunedModels/x%3AtransferOwnership', '/tunedModels/x:transferOwnership'],
    ['/a/%40b%2C(c)', '/a/@b,(c)'],
    ['/...', '/...'],
    ['/a/..b', '/a/..b'],
  ])('%s goes as it came and means %s', (path, meant) => {
    expect(readPassedPath(path)).toEqual({ ok: true, sent: path, meant });
  });

  it.each([
    ['', /does not start/],
    ['a/b', /does not start/],
    ['/', /empty segment/],
    ['/a/', /empty segment/],
    ['//a', /empty segment/],
    ['/a//b', /empty segment/],
    ['/.', /dot segment/],
    ['/a/../b', /dot segment/],
    ['/a/..', /dot segment/],
    ['/a/./b', /dot segment/],
    // escapes of what needs none: another spelling of the same path
    ['/%2e%2e/b', /escape/],
    ['/%2E./b', /escape/],
    ['/.%2e/b', /escape/],
    ['/a/%2e', /escape/],
    ['/%63hat/completions', /escape/],
    ['/a%2fb', /escape/],
    ['/a%2Fb', /escape/],
    ['/a%5cb', /escape/],
    ['/a%5Cb', /escape/],
    ['/a%252fb', /escape/],
    ['/a%00', /escape/],
    ['/a%0d%0ab', /escape/],
    ['/a%7f', /escape/],
    ['/a%20', /escape/],
    ['/a%3fb=c', /escape/],
    ['/a%23b', /escape/],
    ['/chat/completions%3bx', /escape/],
    ['/%c0%af', /escape/],
    ['/%e2%84%aa', /escape/],
    ['/a%', /character/],
    ['/a%zz', /character/],
    ['/a%2', /character/],
    ['/chat/completions;x=1', /character/],
    ['/a\\b', /character/],
    ['/a?b', /character/],
    ['/a#b', /character/],
    ['/a b', /character/],
    ['/a\tb', /character/],
    ['/a\r\nb', /character/],
    ['/a\u0000', /character/],
    ['/ü', /character/],
    [`/${'a'.repeat(2048)}`, /longer/],
  ])('%j is refused', (path, wrong) => {
    const read = readPassedPath(path);
    expect(read.ok ? read : read.wrong).toMatch(wrong);
  });
});

describe('the query of a call that is passed through', () => {
  it.each([
    ['', ''],
    ['limit=2&after=x%20y', 'limit=2&after=x%20y'],
    ['key=canary', ''],
    ['limit=2&key=canary&after=x', 'limit=2&after=x'],
    ['KEY=canary', ''],
    ['k%65y=canary', ''],
    ['key[]=canary', ''],
    ['key%5B0%5D=canary', ''],
    ['+key=canary', ''],
    ['api-key=canary&api_key=canary&apikey=canary&x-goog-api-key=canary', ''],
    ['access_token=canary&oauth_token=canary&bearer_token=canary', ''],
    ['authorization=Bearer+canary', ''],
    ['keys=2&monkey=3', 'keys=2&monkey=3'],
    ['&&a=1&', 'a=1'],
    ['=canary', ''],
  ])('%j goes as %j', (query, sent) => {
    expect(passedQuery(query, new Set())).toBe(sent);
  });

  it('goes without what the gateway says itself', () => {
    expect(passedQuery('API-Version=1&a=1', new Set(['api-version']))).toBe('a=1');
  });

  it('is none where a name has an escape that is none', () => {
    expect(passedQuery('k%zz=1', new Set())).toBeNull();
    expect(passedQuery('%c3%28=1', new Set())).toBeNull();
  });
});
