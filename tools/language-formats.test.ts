// A language's formats take 4 MB of every process that makes one: no module that a node loads makes one while it is loaded.
import { expect, it } from 'vitest';
import { readTracked, trackedFiles } from './tracked-files.ts';

const RUN_BY_A_NODE = /^packages\/(?:contract|control|core|gateway|providers|wire)\/src\/.*\.ts$/;
const NOT_RUN = /\.(?:test|bench)\.ts$|\/stories\//;

const sources = trackedFiles().filter((path) => RUN_BY_A_NODE.test(path) && !NOT_RUN.test(path));

it('no number is written in a language’s format by what a node runs', () => {
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.filter((path) => /\.toLocale\w*String\(/.test(readTracked(path)))).toEqual([]);
});

it('dates of time zones are made when they are asked for', () => {
  const made = sources.filter((path) => /^(?:export )?const .*new Intl\./m.test(readTracked(path)));
  expect(made).toEqual([]);
});
