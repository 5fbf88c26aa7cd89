import { describe, expect, it } from 'vitest';
import { mediaOfUrl } from './data-url.ts';

describe('a URL in a request', () => {
  it.each([
    ['data:image/png;base64,AAAA', 'image/png'],
    ['data:application/pdf;filename=generated.pdf;base64,AAAA', 'application/pdf'],
    ['data:image/png;charset=utf-8;base64,AAAA', 'image/png'],
    ['data:;base64,AAAA', 'text/plain'],
  ])('carries bytes of a type without parameters: %s', (url, mediaType) => {
    expect(mediaOfUrl(url)).toEqual({ kind: 'base64', mediaType, data: 'AAAA' });
  });

  it.each(['https://images.example/a;base64,AAAA', 'data:text/plain,hello', 'data:;base64'])(
    'is a link where it carries no base64: %s',
    (url) => {
      expect(mediaOfUrl(url)).toEqual({ kind: 'url', url, mediaType: null });
    },
  );
});
