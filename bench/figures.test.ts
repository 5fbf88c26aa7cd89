import { describe, expect, it } from 'vitest';
import { callFigures, median, streamFigures } from './figures.ts';
import { replaceSection, SECTION_BEGIN, SECTION_END } from './report.ts';
import type { Round, Series } from './rounds.ts';
import type { SystemId } from './systems.ts';

const round = (more: Partial<Round>): Round => ({
  done: 1000,
  errors: 0,
  truncated: 0,
  events: 0,
  statuses: { '200': 1000 },
  wallMs: 1000,
  p50Ms: 1,
  p99Ms: 2,
  cpuMs: 100,
  peakRssBytes: 0,
  ...more,
});

const series = (id: SystemId, rounds: Round[]): Series => ({
  id,
  title: id,
  readyMs: 1,
  idleRssBytes: 0,
  rounds,
});

describe('figures of the bench', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2],
    [[Number.NaN, 5], 5],
    [[], Number.NaN],
  ])('take the middle of %j as %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('compare a system with another one round by round, so that a slow minute of the machine cancels out', () => {
    const slow = [round({ cpuMs: 20 }), round({ cpuMs: 200 }), round({ cpuMs: 20 })];
    const ours = [round({ cpuMs: 100 }), round({ cpuMs: 1000 }), round({ cpuMs: 100 })];
    const [, keywell] = callFigures([series('nginx', slow), series('keywell', ours)]);
    expect(keywell).toMatchObject({ ofNginx: 0.2, ofPeer: null, cpuUsPerCall: 100 });
  });

  it('give a system no cost, rather than a low one, when nothing it did succeeded', () => {
    const failed = [round({ done: 0, errors: 1000, statuses: { '500': 1000 }, cpuMs: 5 })];
    const good = [round({})];
    const [peer, keywell] = callFigures([series('peer', failed), series('keywell', good)]);
    expect(peer).toMatchObject({ cpuUsPerCall: Number.NaN, errors: 1000 });
    expect(keywell).toMatchObject({ ofPeer: null });
  });

  it('count memory of streams over what the system held before the first of them', () => {
    const rounds = [round({ peakRssBytes: 300 * 1024 * 100 })];
    const before = { ...series('keywell', rounds), idleRssBytes: 100 * 1024 * 100 };
    expect(streamFigures([before], 100)).toMatchObject([{ rssKbPerStream: 200 }]);
  });
});

describe('the section of the page on performance', () => {
  it('is replaced as often as the bench runs, and nothing around it is', () => {
    const page = `before\n${SECTION_BEGIN}\nold\n${SECTION_END}\nafter\n`;
    const once = replaceSection(page, 'new');
    expect(once).toBe(`before\n${SECTION_BEGIN}\n\nnew\n\n${SECTION_END}\nafter\n`);
    expect(replaceSection(once, 'new')).toBe(once);
  });

  it('is never invented in a page that has none', () => {
    expect(() => replaceSection('before', 'new')).toThrow('no section');
  });
});
