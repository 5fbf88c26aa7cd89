/** A form goes to the provider with a content type of the gateway's own: what was read here is what can be read there. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const types: (string | undefined)[] = [];
let provider: Server;
let story: Story;

beforeAll(async () => {
  provider = createServer((request, response) => {
    types.push(request.headers['content-type']);
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json').end('{"text":"heard"}');
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = provider.address();
  const port = typeof address === 'object' ? address?.port : 0;
  story = await startStory({
    providers: () => [{ baseUrl: `http://127.0.0.1:${port}/v1`, keys: [{ id: 'a' }] }],
  });
});
beforeEach(() => types.splice(0));
afterAll(async () => {
  await story.close();
  provider.closeAllConnections();
  provider.close();
});

const part = (boundary: string, name: string, value: string): string =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

function send(contentType: string, boundary: string): Promise<Response> {
  const body = `${part(boundary, 'model', 'smart')}${part(boundary, 'file', 'x')}--${boundary}--\r\n`;
  return fetch(`${story.url}/audio/transcriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${STORY_KEY}`, 'content-type': contentType },
    body: Buffer.from(body),
  });
}

describe('the content type of a form', () => {
  it.each([
    ['multipart/form-data; boundary=b1', 'b1', 'multipart/form-data; boundary=b1'],
    [
      'Multipart/Form-Data ; charset="a;boundary=c"; BOUNDARY="b1"; x=y;',
      'b1',
      'multipart/form-data; boundary=b1',
    ],
    [
      'multipart/form-data; boundary="=_Part/1:2?"',
      '=_Part/1:2?',
      'multipart/form-data; boundary="=_Part/1:2?"',
    ],
  ])('%s is told on plainly', async (type, boundary, told) => {
    expect((await send(type, boundary)).status).toBe(200);
    expect(types).toEqual([told]);
  });

  it.each([
    ['multipart/form-data; boundary="b 1"', 'b 1'],
    ['multipart/form-data; boundary="b1\\""', 'b1"'],
    ['multipart/form-data; boundary="b1;x"', 'b1;x'],
    ['multipart/form-data; boundary=b1; boundary=b2', 'b2'],
    [`multipart/form-data; boundary=${'b'.repeat(71)}`, 'b'.repeat(71)],
    ['multipart/mixed; boundary=b1', 'b1'],
  ])('%s is refused, and nobody is asked', async (type, boundary) => {
    const answer = await send(type, boundary);
    expect(answer.status).toBe(415);
    expect(await answer.text()).not.toContain('application/json');
    expect(types).toEqual([]);
  });
});
