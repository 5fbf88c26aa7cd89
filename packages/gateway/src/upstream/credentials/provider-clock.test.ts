import { FakeClock } from '@keywell/testkit/fake-clock';
import { beforeEach, describe, expect, it } from 'vitest';
import { ProviderClock } from './provider-clock.ts';

const HOUR_MS = 3_600_000;

let clock: FakeClock;
let provider: ProviderClock;

beforeEach(() => {
  clock = new FakeClock();
  provider = new ProviderClock(clock);
});

/** The provider's date when its clock is off by so much. */
const dateAt = (offsetMs: number): string => new Date(clock.wallNow() + offsetMs).toUTCString();
const offset = (): number => provider.wallNow() - clock.wallNow();

/** A call that takes ten milliseconds and is refused for its signature's time. */
function refusedWith(date: string | undefined): boolean {
  const startedAt = clock.now();
  clock.advance(10);
  return provider.correct(startedAt, date);
}

describe('the clock that a provider’s signatures are dated by', () => {
  it('is this machine’s where nothing else is known', () => {
    expect(provider.wallNow()).toBe(clock.wallNow());
  });

  it.each([HOUR_MS, -HOUR_MS, 6 * 60_000])('is set by the date of a refusal: %i ms', (ms) => {
    expect(refusedWith(dateAt(ms))).toBe(true);
    expect(Math.abs(offset() - ms)).toBeLessThanOrEqual(1000);
    clock.advance(HOUR_MS);
    expect(Math.abs(offset() - ms), 'it goes on').toBeLessThanOrEqual(1000);
  });

  it('is not to blame again for what it shows already', () => {
    expect(refusedWith(dateAt(HOUR_MS))).toBe(true);
    clock.advance(10);
    expect(refusedWith(dateAt(HOUR_MS))).toBe(false);
  });

  it('was wrong for every call that was under way when it was set', () => {
    const startedAt = clock.now();
    clock.advance(5);
    expect(provider.correct(startedAt, dateAt(HOUR_MS))).toBe(true);
    clock.advance(5);
    expect(provider.correct(startedAt, dateAt(HOUR_MS))).toBe(true);
    expect(provider.correct(startedAt, undefined)).toBe(true);
  });

  it('is set back when this machine’s has been put right', () => {
    expect(refusedWith(dateAt(HOUR_MS))).toBe(true);
    clock.setWall(clock.wallNow() + HOUR_MS);
    clock.advance(10);
    expect(refusedWith(dateAt(0))).toBe(true);
    expect(Math.abs(offset())).toBeLessThanOrEqual(1000);
  });

  it.each([
    undefined,
    '',
    'yesterday',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
  ])('is not set by the date %j', (date) => {
    expect(refusedWith(date)).toBe(false);
    expect(offset()).toBe(0);
  });
});
