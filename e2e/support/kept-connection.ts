import { Agent, request, type IncomingMessage } from 'node:http';

/** What came back on a kept connection. */
export interface KeptAnswer {
  readonly status: number;
  readonly requestId: string;
  /** The gateway says that this was the last answer on the connection. */
  readonly closes: boolean;
  readonly text: string;
}

/** A caller that has one connection at most and keeps it as long as the gateway lets it. */
export class KeptConnection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #target: { readonly port: number; readonly key: string };

  constructor(target: { readonly port: number; readonly key: string }) {
    this.#target = target;
  }

  /** Posts a chat call; rejects when the connection breaks before the answer is whole. */
  post(body: unknown): Promise<KeptAnswer> {
    return new Promise((resolve, reject) => {
      const call = request({
        host: '127.0.0.1',
        port: this.#target.port,
        path: '/v1/chat/completions',
        method: 'POST',
        agent: this.#agent,
        headers: {
          authorization: `Bearer ${this.#target.key}`,
          'content-type': 'application/json',
        },
      });
      call.on('error', reject);
      call.on('response', (response: IncomingMessage) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            requestId: String(response.headers['keywell-request-id']),
            closes: response.headers.connection === 'close',
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      call.end(JSON.stringify(body));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
