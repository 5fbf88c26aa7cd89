/** Secrets of every kind of credential, planted so that they can be looked for, and a provider that says back all it was told of them. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Secret } from '@keywell/core/secret/secret';
import type { ProviderSketch } from '@keywell/testkit/a-snapshot';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' });
const AWS_ID = ['AKIA', 'CANARY0123456789'].join('');
const AWS_SECRET = 'wJalr/XUtn+FEMI/K7MDENG/bPxRficanarySECR';
/** What a token endpoint sells here: it looks like nothing that is known. */
const BOUGHT = 'canary~bought~0123456789~access';
const ORGANIZATION = 'canary-house-organization';
const PROJECT = 'canary-house-project';
const HEADER = 'canary-header-value-0123';

export interface Planted {
  readonly kind: string;
  readonly model: string;
  /** Appended to the provider's origin. */
  readonly path: string;
  readonly value: (origin: string) => string;
  /** What must be seen nowhere, beside the value itself. */
  readonly secrets: readonly string[];
}

const plain = (
  { kind, model, path }: Pick<Planted, 'kind' | 'model' | 'path'>,
  value: string,
): Planted => ({ kind, model, path, value: () => value, secrets: [value] });

/** None ends like the alphabet: DuckDB's tables of symbols hold pieces of that, which would be taken for a secret. */
export const PLANTED: readonly Planted[] = [
  plain({ kind: 'openai', model: 'gpt-5', path: '/v1' }, 'sk-proj-canary7vq2m9xk4tz8wd3hbn5r'),
  plain(
    { kind: 'openai-compatible', model: 'gpt-5', path: '/v1' },
    'canary/of+no=known%shape/0123',
  ),
  plain(
    { kind: 'anthropic', model: 'claude-sonnet-4-5', path: '/v1' },
    'sk-ant-api03-canary0123456789',
  ),
  plain(
    { kind: 'gemini', model: 'gemini-2.5-pro', path: '/v1beta' },
    // In two parts, here and below: whole, it would be taken for one that was left lying about.
    ['AIza', 'SyCanary7vQ2m9Xk4Tz8Wd3HbN5rJ1pLg0Y'].join(''),
  ),
  {
    kind: 'bedrock',
    model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    path: '',
    value: () =>
      JSON.stringify({
        access_key_id: AWS_ID,
        secret_access_key: AWS_SECRET,
        session_token: 'canary//session+token==0123456789',
        region: 'eu-central-1',
      }),
    secrets: [AWS_ID, AWS_SECRET, 'canary//session+token==0123456789'],
  },
  {
    kind: 'vertex',
    model: 'gemini-2.5-flash',
    path: '/v1/projects/p/locations/us-central1',
    value: (origin) =>
      JSON.stringify({
        type: 'service_account',
        client_email: 'canary@house.iam.gserviceaccount.com',
        private_key_id: 'canary0123456789private0key0id',
        private_key: PEM,
        token_uri: `${origin}/token`,
      }),
    secrets: [
      PEM,
      'canary@house.iam.gserviceaccount.com',
      'canary0123456789private0key0id',
      BOUGHT,
    ],
  },
  {
    kind: 'azure-openai',
    model: 'gpt-5',
    path: '/openai/v1',
    value: (origin) =>
      JSON.stringify({
        tenant_id: 'canary-tenant.example',
        client_id: 'canary-client-id-0123',
        client_secret: 'canary~client.secret-0123456789',
        authority: origin,
      }),
    secrets: ['canary~client.secret-0123456789', BOUGHT],
  },
  {
    kind: 'openai-compatible',
    model: 'gpt-5',
    path: '/v1',
    value: (origin) =>
      JSON.stringify({
        token_url: `${origin}/token`,
        client_id: 'canary-client-id-0123',
        client_secret: 'canary"quoted"secret/0123',
        refresh_token: 'canary\\refresh/token/0123',
      }),
    secrets: ['canary"quoted"secret/0123', 'canary\\refresh/token/0123', BOUGHT],
  },
];

/** Of every provider, beside what is its own. */
export const HOUSE: readonly string[] = [ORGANIZATION, PROJECT, HEADER];

/** A text as writers of JSON may put it into a string: PHP escapes slashes, and some escape whatever they like. */
const escaped = (text: string): string =>
  JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/').replace('c', '\\u0063');

/** Bytes of a refusal in the shape of each dialect, in which the provider says all it knows in all the places it has. */
function refusalOf(said: readonly string[], status: number): string {
  const plainly = JSON.stringify(said.join(' and ')).slice(1, -1);
  const text = `The value of \\"x\\" is wrong for ${plainly} or ${said.map(escaped).join(' or ')}.`;
  const id = JSON.stringify(said[0] ?? '');
  return `{"type":"error","message":"${text}","error":{"message":"${text}","type":"invalid_request_error","code":${id},"param":${id},"status":"INVALID_ARGUMENT","http":${status},"details":[{"@type":${id},"metadata":{"consumer":${id}}}]},"request_id":${id}}`;
}

const CHUNKS: Readonly<Record<string, readonly string[]>> = {
  messages: [
    'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"x","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Well"}}\n\n',
  ],
  gemini: [
    'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Well"}]},"index":0}]}\r\n\r\n',
  ],
  responses: [
    'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{"id":"r","object":"response","status":"in_progress","output":[]}}\n\n',
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":1,"output_index":0,"content_index":0,"item_id":"m","delta":"Well"}\n\n',
  ],
  chat: [
    'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Well"},"finish_reason":null}]}\n\n',
  ],
};

function chunksFor(path: string): readonly string[] {
  if (path.includes('/messages') || path.includes('RawPredict')) return CHUNKS['messages'] ?? [];
  if (path.includes(':streamGenerateContent')) return CHUNKS['gemini'] ?? [];
  return CHUNKS[path.includes('/responses') ? 'responses' : 'chat'] ?? [];
}

/** How the provider behaves: a status, or something worse. */
export type Misdeed = number | 'inside' | 'event' | 'midway' | 'html' | 'hang' | 'bad_token';

/** A provider of every dialect, with its token endpoint. */
export class Betrayer {
  misdeed: Misdeed = 400;
  /** What it knows beside what it is told. */
  knows: readonly string[] = [];
  asked = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      request.resume().on('end', () => this.#answer(request, response));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const { misdeed } = this;
    const said = [...this.knows, ...credentialsIn(request)];
    const head = {
      'content-type': 'application/json',
      'openai-organization': ORGANIZATION,
      'anthropic-organization-id': ORGANIZATION,
      'set-cookie': `a=${encodeURIComponent(said[0] ?? '')}`,
      'x-request-id': ORGANIZATION,
    };
    if (path.endsWith('token')) {
      const token = `{"access_token":"${BOUGHT}","expires_in":3600}`;
      if (misdeed === 'bad_token') response.writeHead(400, head).end(refusalOf(said, 400));
      else response.writeHead(200, head).end(token);
      return;
    }
    this.asked += 1;
    if (misdeed === 'hang') return;
    const body = refusalOf(said, typeof misdeed === 'number' ? misdeed : 400);
    const events = { ...head, 'content-type': 'text/event-stream' };
    const event = `event: error\ndata: ${body}\n\n`;
    if (typeof misdeed === 'number') response.writeHead(misdeed, head).end(body);
    else if (misdeed === 'inside') response.writeHead(200, head).end(body);
    else if (misdeed === 'event') response.writeHead(200, events).end(event);
    else if (misdeed === 'midway') {
      response.writeHead(200, events).end(`${chunksFor(path).join('')}${event}`);
    } else {
      const html = { ...head, 'content-type': 'text/html' };
      response.writeHead(400, html).end(`<html>${said.join(' ')}</html>`);
    }
  }
}

/** Header values with a credential in them, whole and without their scheme. */
function credentialsIn({ headers, url = '' }: IncomingMessage): readonly string[] {
  const names = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'x-amz-security-token'];
  const values = names.flatMap((name) => headers[name] ?? []).map(String);
  const key = new URL(url, 'http://x').searchParams.get('key');
  return [...values, ...values.map((value) => value.split(' ').at(-1) ?? '')].concat(key ?? []);
}

/** The gateway's record of such a provider. */
export const betrayed = (planted: Planted, origin: string): ProviderSketch => ({
  kind: planted.kind,
  headers: [{ name: 'x-house', value: new Secret(HEADER), fingerprint: '0' }],
  baseUrl: origin + planted.path,
  keys: [{ id: 'a', value: planted.value(origin), organization: ORGANIZATION, project: PROJECT }],
});
