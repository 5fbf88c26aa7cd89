import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { Secret } from '@keywell/core/secret/secret';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSnapshot } from './decode-snapshot.ts';
import { encodeSnapshot } from './encode-snapshot.ts';

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
const hexOf = (text: string): string => hashOf(text).toString('hex');

describe('a snapshot that crossed threads', () => {
  it('is the same but for its consumers, which are found one by one', () => {
    const snapshot = aSnapshot({
      version: 7,
      hash: 'abc',
      providers: [
        { id: 'übers', keys: [{ id: 'a' }, { id: 'b', value: null, models: ['gpt-*'] }] },
      ],
      consumers: [{ id: 'wéb', keyHashes: [hexOf('one')] }],
    });
    const { consumers, ...rest } = snapshot;
    const reader = readSnapshot(encodeSnapshot(snapshot));
    expect(reader.head).toEqual(rest);
    expect(reader.consumerByKeyHash(hashOf('one'))).toEqual(consumers[0]);
  });

  it('carries secrets in clear to who may ask for them, and to nobody who prints them', () => {
    const value = 'sk-canary-"\\\u{1f511}';
    const headers = [{ name: 'x-team', value: new Secret(value), fingerprint: '0' }];
    const snapshot = aSnapshot({ providers: [{ headers, keys: [{ value }, { value: null }] }] });
    const { head } = readSnapshot(encodeSnapshot(snapshot));
    const keys = head.providers[0]?.keys ?? [];
    expect(keys[0]?.value?.reveal()).toBe(value);
    expect(keys[1]?.value).toBeNull();
    const declared = head.providers[0]?.headers?.[0];
    expect([declared?.name, declared?.value.reveal()]).toEqual(['x-team', value]);
    expect(JSON.stringify(head)).not.toContain('canary');
    expect(inspect(head, { depth: 9, showHidden: true })).not.toContain('canary');
  });

  it('finds a consumer by each of its keys, and decodes it once', () => {
    const snapshot = aSnapshot({
      consumers: [
        { id: 'none', keyHashes: [] },
        { id: 'two', keyHashes: [hexOf('old'), hexOf('new')] },
        { id: 'one', keyHashes: [hexOf('only')], enabled: false, requestsPerMinute: 5 },
      ],
    });
    const reader = readSnapshot(encodeSnapshot(snapshot));
    const found = reader.consumerByKeyHash(hashOf('old'));
    expect(found).toEqual(snapshot.consumers[1]);
    expect(reader.consumerByKeyHash(hashOf('new'))).toBe(found);
    expect(reader.consumerByKeyHash(hashOf('only'))).toEqual(snapshot.consumers[2]);
    expect(reader.consumerByKeyHash(hashOf('other'))).toBeNull();
  });

  it('finds every one of many, whatever their names and order, and nobody else', () => {
    const ids = fc.uniqueArray(fc.string({ unit: 'grapheme' }), { maxLength: 60 });
    fc.assert(
      fc.property(ids, (names) => {
        const consumers = names.map((id, slot) => ({
          id,
          slot,
          keyHashes: [hexOf(`key of ${id}`)],
        }));
        const reader = readSnapshot(encodeSnapshot(aSnapshot({ consumers })));
        for (const [slot, id] of names.entries()) {
          expect(reader.consumerByKeyHash(hashOf(`key of ${id}`))).toMatchObject({ id, slot });
          expect(reader.consumerByKeyHash(hashOf(`not ${id}`))).toBeNull();
        }
      }),
      { numRuns: 100 },
    );
  });

  it('closes where a key hash is no hash: nothing is found by it, nor by nothing', () => {
    const snapshot = aSnapshot({
      consumers: [{ keyHashes: ['', 'zz', hexOf('x').slice(2), `${hexOf('x')}00`] }],
    });
    const reader = readSnapshot(encodeSnapshot(snapshot));
    expect(reader.consumerByKeyHash(hashOf('x'))).toBeNull();
    expect(reader.consumerByKeyHash(new Uint8Array(32))).toBeNull();
    const empty = readSnapshot(encodeSnapshot(aSnapshot({ consumers: [] })));
    expect(empty.consumerByKeyHash(hashOf('x'))).toBeNull();
  });

  it('is refused when it is something else', () => {
    expect(() => readSnapshot(new SharedArrayBuffer(64))).toThrow('not an encoded snapshot');
  });
});
