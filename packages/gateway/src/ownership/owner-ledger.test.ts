import type { ObjectChange, OwnedObject } from '@keywell/core/ownership/owned-object';
import { describe, expect, it } from 'vitest';
import type { FromOwners, ToOwners } from './messages.ts';
import { OwnerDesk } from './owner-desk.ts';
import { OwnerLedger, type OwnerLedgerOptions } from './owner-ledger.ts';

const HOME = { provider: 'openai', domain: 'openai/acme', fingerprint: '0a1b2c3d' };
const object = (over: Partial<OwnedObject> = {}): OwnedObject => ({
  kind: 'file',
  id: 'file-1',
  consumer: 'web',
  home: HOME,
  model: 'smart',
  createdAt: 1,
  json: null,
  ...over,
});

/** A ledger with the desks of two workers, and what it handed over to be kept. */
function world(over: Partial<OwnerLedgerOptions> = {}) {
  const kept: ObjectChange[] = [];
  const desks: OwnerDesk[] = [];
  const ledger = new OwnerLedger({
    objects: [],
    onChanged: (changes) => kept.push(...changes) > 0,
    tell: (worker, message) => desks[worker]?.onReply(message),
    ...over,
  });
  const [first, second] = [0, 1].map((worker) => {
    const desk = new OwnerDesk((message) => ledger.onMessage(worker, message));
    desks.push(desk);
    return desk;
  });
  if (first === undefined || second === undefined) throw new Error('two workers were made');
  const learn = (over_: Partial<OwnedObject> = {}): void =>
    first.learned({ action: 'keep', object: object(over_) });
  return { ledger, kept, first, second, learn };
}

describe('the ledger of owned objects', () => {
  it('tells every worker what one of them learned, and only its owner', async () => {
    const { second, learn } = world();
    learn();
    const ref = { kind: 'file', id: 'file-1' } as const;
    expect(await second.find('web', [ref, { kind: 'batch', id: 'file-1' }])).toEqual([
      object(),
      null,
    ]);
    expect(await second.find('other', [ref])).toEqual([null]);
    expect(await second.list('other', 'file')).toEqual([]);
  });

  it('knows of an id whether others have it at a provider, as long as they do', async () => {
    const { first, second, learn } = world();
    learn();
    learn({ kind: 'item', id: 'msg_1' });
    const ids = ['file-1', 'msg_1', 'file-2'];
    expect(await second.foreign('other', 'openai', ids)).toEqual([object()]);
    expect(await second.foreign('web', 'openai', ids)).toEqual([]);
    expect(await second.foreign('other', 'mistral', ids)).toEqual([]);
    learn({ consumer: 'third' });
    first.learned({ action: 'drop', name: { kind: 'file', id: 'file-1', consumer: 'web' } });
    expect(await second.foreign('other', 'openai', ids)).toEqual([object({ consumer: 'third' })]);
    first.learned({ action: 'drop', name: { kind: 'file', id: 'file-1', consumer: 'third' } });
    expect(await second.foreign('other', 'openai', ids)).toEqual([]);
  });

  it('has a batch counted by one who asks alone, and keeps that it was', async () => {
    const { first, second, kept, learn } = world();
    const batch = { kind: 'batch', id: 'batch_1', upstreamModel: 'gpt-5' } as const;
    learn(batch);
    expect(await first.count('other', 'batch_1')).toBeNull();
    const asked = await Promise.all([
      first.count('web', 'batch_1'),
      second.count('web', 'batch_1'),
    ]);
    expect(asked).toEqual([object(batch), null]);
    expect(kept.at(-1)).toEqual({ action: 'keep', object: object({ ...batch, counted: true }) });
    // What is told of it later takes nothing of that back.
    learn({ kind: 'batch', id: 'batch_1', json: '{}' });
    expect(await second.list('web', 'batch')).toEqual([
      object({ ...batch, json: '{}', counted: true }),
    ]);
    expect(await first.count('web', 'batch_1')).toBeNull();
  });

  it('lists what a consumer has, the newest first, and with the last word on each', async () => {
    const { first, learn } = world();
    for (const id of ['file-1', 'file-2', 'file-3']) learn({ id });
    learn({ id: 'file-2', json: '{}' });
    first.learned({ action: 'drop', name: { kind: 'file', id: 'file-3', consumer: 'web' } });
    const listed = await first.list('web', 'file');
    expect(listed).toEqual([object({ id: 'file-2', json: '{}' }), object()]);
  });

  it('hands files over at once and responses at the next turn, and again when they could not be kept', () => {
    let full = true;
    const handed: (readonly ObjectChange[])[] = [];
    const { ledger, learn } = world({
      onChanged: (changes) => {
        handed.push(changes);
        return !full;
      },
    });
    learn({ kind: 'response', id: 'resp_1' });
    expect(handed).toHaveLength(0);
    learn();
    expect(handed).toHaveLength(1);
    full = false;
    ledger.keep();
    expect(handed.at(-1)?.map(({ action }) => action)).toEqual(['keep', 'keep']);
    ledger.keep();
    expect(handed).toHaveLength(2);
  });

  it('knows after a restart what was kept, and hands none of it over again', async () => {
    const { ledger, first, kept } = world({ objects: [object()] });
    ledger.keep();
    expect(kept).toEqual([]);
    expect(await first.find('web', [{ kind: 'file', id: 'file-1' }])).toEqual([object()]);
  });

  it('knows items of a response as long as it runs, and hands none over to be kept', async () => {
    const { ledger, first, second, kept } = world();
    const { id: _, ...like } = { ...object(), kind: 'item' as const, json: null };
    first.learnedMany(like, ['msg_1', 'fc_1']);
    const refs = ['msg_1', 'fc_1', 'msg_2'].map((id) => ({ kind: 'item' as const, id }));
    expect(await second.find('web', refs)).toEqual([
      { ...like, id: 'msg_1' },
      { ...like, id: 'fc_1' },
      null,
    ]);
    expect(await first.find('other', refs)).toEqual([null, null, null]);
    ledger.keep();
    expect(kept).toEqual([]);
  });

  it('forgets the oldest of whoever has most when there is too much, in the store too', async () => {
    const { ledger, first, kept, learn } = world({
      most: { file: 3, batch: 1, response: 1, item: 1 },
    });
    learn({ consumer: 'small', id: 'file-0' });
    for (const id of ['file-1', 'file-2', 'file-3', 'file-4']) learn({ id });
    ledger.keep();
    expect((await first.list('web', 'file')).length).toBe(2);
    expect(await first.find('small', [{ kind: 'file', id: 'file-0' }])).not.toEqual([null]);
    const dropped = kept.flatMap((change) => (change.action === 'drop' ? [change.name.id] : []));
    expect(dropped).toEqual(['file-1', 'file-2']);
  });
});

describe('a question to the ledger', () => {
  it('is given up when it is not answered in time, and a late answer is for nobody', async () => {
    const asked: ToOwners[] = [];
    const desk = new OwnerDesk((message) => asked.push(message), 1);
    expect(await desk.find('web', [])).toBe('late');
    const late: FromOwners = { question: 1, found: [] };
    expect(() => desk.onReply(late)).not.toThrow();
    expect(asked).toHaveLength(1);
  });
});
