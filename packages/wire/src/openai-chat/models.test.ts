import { describe, expect, it } from 'vitest';
import { renderModel, renderModelList } from './models.ts';

describe('models', () => {
  it('are listed in the shape that official SDKs read', () => {
    expect(JSON.parse(renderModelList(['smart', 'a "b"'], 7))).toEqual({
      object: 'list',
      data: [
        { id: 'smart', object: 'model', created: 7, owned_by: 'keywell' },
        { id: 'a "b"', object: 'model', created: 7, owned_by: 'keywell' },
      ],
    });
    expect(JSON.parse(renderModel('smart'))).toEqual({
      id: 'smart',
      object: 'model',
      created: 0,
      owned_by: 'keywell',
    });
  });
});
