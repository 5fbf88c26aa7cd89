/** What holds for every vendor, whatever it is. */
import { Secret } from '@keywell/core/secret/secret';
import { mayBeDeclared, mayCarryKey } from '@keywell/core/snapshot/auth-scheme';
import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import { DIALECTS } from '@keywell/wire/canonical/dialect';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOSTS } from './compatible/hosts/hosts.ts';
import { OPERATIONS } from './compatible/operations.ts';
import { surfaceOf } from './compatible/surface.ts';
import type { Vendor } from './compatible/vendor.ts';
import { vendorKinds, vendorOf } from './registry.ts';

const VENDORS = vendorKinds().flatMap((kind): (readonly [string, Vendor])[] => {
  const vendor = vendorOf(kind);
  return vendor === null ? [] : [[kind, vendor]];
});

/** Kinds that the issue names, or that were there before it. */
const PROMISED =
  `ai21 anthropic anthropic-compatible azure-openai bedrock cerebras cloudflare-workers-ai cohere dashscope databricks
deepinfra deepseek fireworks gemini github-models groq huggingface hunyuan hyperbolic jina llama-cpp lm-studio minimax mistral moonshot
novita nvidia-nim ollama openai openai-compatible openrouter perplexity qianfan replicate sambanova sglang siliconflow stepfun tgi
together vertex vllm volcengine voyage xai xinference zai zhipu`.split(/\s+/);

function keyOf(value: string | null): UpstreamKeyRecord {
  const key = aSnapshot({ providers: [{ keys: [{ value }] }] }).providers[0]?.keys[0];
  if (key === undefined) throw new Error('the snapshot has a key');
  return { ...key, value: value === null ? null : new Secret(value) };
}

const KEY = keyOf('sk-canary');
const MODEL = 'claude-sonnet-5';

/** The base URL of a vendor, or what one of its own looks like. */
const baseOf = ({ baseUrl, baseUrlForm }: Vendor): string =>
  baseUrl ?? baseUrlForm ?? 'http://127.0.0.1:8000/v1';

describe('the registry', () => {
  it('knows every kind that was promised, and each once', () => {
    expect(vendorKinds()).toEqual(expect.arrayContaining(PROMISED));
    expect(new Set(VENDORS.map(([, { kind }]) => kind)).size).toBe(vendorKinds().length);
    expect(VENDORS.every(([kind, vendor]) => kind === vendor.kind)).toBe(true);
    expect(vendorKinds().length).toBeGreaterThanOrEqual(75);
  });

  it('has one row for a host, with the page that says where it is', () => {
    expect(new Set(HOSTS.map(({ kind }) => kind)).size).toBe(HOSTS.length);
    for (const { name, source, verified } of HOSTS) {
      expect(name).not.toBe('');
      // what is not marked as unverified names a page
      expect(verified ? source : `https ${source}`).toMatch(/https/);
    }
  });
});

describe.each(VENDORS)('%s', (kind, vendor) => {
  it('has an https base URL without a slash at its end, or says what one looks like', () => {
    const url = new URL(baseOf(vendor));
    const local = url.hostname === '127.0.0.1';
    expect(url.protocol).toBe(local ? 'http:' : 'https:');
    expect(local && vendor.needsKey).toBe(false);
    const plain = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    expect(baseOf(vendor).toLowerCase()).toBe(plain.toLowerCase());
    expect([url.search, url.hash, url.username]).toEqual(['', '', '']);
    // a placeholder in a base URL would be called as if it were a host
    expect(vendor.baseUrl ?? '').not.toMatch(/[A-Z{}<>]/);
    const said = [vendor.baseUrl, vendor.baseUrlForm].filter((each) => typeof each === 'string');
    expect(said).toHaveLength(kind === 'openai-compatible' ? 0 : 1);
  });

  it('has faces and operations at paths of its host, for any model', () => {
    const model = fc.oneof(
      fc.string(),
      fc.constantFrom('..', '.', 'a/b', 'x?y=1#z', 'm@1:v', '%2e%2e'),
    );
    fc.assert(
      fc.property(model, (name) => {
        const surface = surfaceOf(vendor, {
          baseUrl: baseOf(vendor),
          model: name.toWellFormed(),
          key: KEY,
        });
        const whole = [
          ...Object.values(surface.operations),
          ...surface.faces.flatMap(({ whole: one, streamed, count }) => [
            one,
            streamed,
            ...(count === null ? [] : [count]),
          ]),
        ];
        for (const { path } of whole) {
          expect(path).toMatch(/^(?:\/[A-Za-z0-9._~:@%!$&'()*+,;=-]+)+(?:\?[A-Za-z0-9._~=&%-]+)?$/);
          // what a client library would make of it is the same, so no name climbs out of its place
          expect(new URL(path, surface.origin).href).toBe(`${surface.origin}${path}`);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('speaks known dialects, each once for a model, or has something else to offer', () => {
    const { faces } = surfaceOf(vendor, { baseUrl: baseOf(vendor), model: MODEL, key: KEY });
    const dialects = faces.map(({ face }) => face.dialect);
    expect(new Set(dialects).size).toBe(dialects.length);
    for (const { dialect } of vendor.faces) expect(DIALECTS).toContain(dialect);
    expect(vendor.faces.length + Object.keys(vendor.operations).length).toBeGreaterThan(0);
    for (const name of Object.keys(vendor.operations)) expect(OPERATIONS).toContain(name);
  });

  it('has Responses among its operations where it speaks them, and only there', () => {
    const speaks = vendor.faces.some(({ dialect }) => dialect === 'openai-responses');
    // whoever declares a compatible host knows what it has
    expect(vendor.operations.responses !== undefined || kind === 'openai-compatible').toBe(
      speaks || kind === 'openai-compatible',
    );
  });

  it('shows a key in one place, and nothing of it where there is none', () => {
    const shown = [...vendor.authHeaders(KEY), vendor.authQuery(KEY)].filter((text) =>
      text.includes('sk-canary'),
    );
    expect(shown).toHaveLength(1);
    const headers = vendor.authHeaders(KEY);
    const name = headers[headers.findIndex((text) => text.includes('sk-canary')) - 1];
    expect(name).toBe(vendor.auth.kind === 'bearer' ? 'authorization' : Object(vendor.auth).name);
    expect(mayCarryKey(name ?? '')).toBe(true);
    const none = [...vendor.authHeaders(keyOf(null)), vendor.authQuery(keyOf(null))].join(' ');
    expect(none).not.toMatch(/canary|Bearer|key/i);
  });

  it('sends common headers that are nobody’s credential, names in lower case', () => {
    const common = [vendor.headers, ...vendor.faces.map(({ headers = {} }) => headers)];
    for (const name of common.flatMap(Object.keys))
      expect([name, mayBeDeclared(name)]).toEqual([name, true]);
  });

  it('has variants that say what they are for, and that its own base URL is none of', () => {
    for (const { where, shown } of vendor.variants ?? []) {
      expect(shown).toMatch(/^`/);
      expect(where(baseOf(vendor))).toBe(false);
    }
  });
});
