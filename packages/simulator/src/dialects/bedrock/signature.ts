/**
 * Who signs a request: AWS Signature Version 4, computed again from what arrived
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), or a Bedrock API key as a bearer. When a request was
 * signed must be within five minutes of the simulator's clock; the texts that refuse it otherwise are as people quoted Bedrock's
 * (github.com/aws-samples/bedrock-access-gateway/issues/163) and other services'.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { bedrockFace, exception } from '../../faces/bedrock.ts';
import type { Refusal } from '../../faces/refusal.ts';
import type { KeyOwner, ProviderState } from '../../provider-state.ts';

const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();
const sha = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** What the authorization header says of the signature. */
interface Signed {
  readonly accessKey: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly headers: readonly string[];
  readonly signature: string;
}

const HEADER =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/;

function signedBy(authorization: string): Signed | null {
  const match = HEADER.exec(authorization.trim());
  if (match === null) return null;
  const [, accessKey = '', date = '', region = '', service = '', headers = '', signature = ''] =
    match;
  return { accessKey, date, region, service, headers: headers.split(';'), signature };
}

/** As AWS encodes a part of a path once more: everything but letters, digits and `-_.~`. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const canonicalQuery = (query: string): string =>
  query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .toSorted()
    .join('&');

function headerOf({ headers }: IncomingMessage, name: string): string {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text.trim().replace(/ +/g, ' ');
}

/** The signature this request should have with that secret. */
function signatureOf(
  request: IncomingMessage,
  { date, region, service, headers }: Signed,
  secret: string,
  body: Uint8Array,
): string {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const payload = request.headers['x-amz-content-sha256'];
  const canonical = [
    request.method,
    path.split('/').map(encoded).join('/'),
    canonicalQuery(query),
    ...headers.map((name) => `${name}:${headerOf(request, name)}`),
    '',
    headers.join(';'),
    typeof payload === 'string' ? payload : sha(body),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const told = ['AWS4-HMAC-SHA256', headerOf(request, 'x-amz-date'), scope, sha(canonical)];
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request');
  return hmac(key, told.join('\n')).toString('hex');
}

/** Whom a request comes from, by its head alone, and what its body must show. */
export interface Caller {
  readonly owner: KeyOwner | null;
  /** What refuses it when the owner is not known. */
  readonly refusal: Refusal;
  /** Null when the body fits the signature, and the signature the time. */
  readonly wrongBody: (body: Uint8Array) => Refusal | null;
}

const known = (owner: KeyOwner): Caller => ({
  owner,
  refusal: bedrockFace.unknownKey(owner.value, ''),
  wrongBody: () => null,
});

const refused = (refusal: Refusal): Caller => ({
  owner: null,
  refusal,
  wrongBody: () => refusal,
});

const NO_MATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

const mismatch = (): Refusal => exception(403, NO_MATCH, 'InvalidSignatureException');

const WINDOW_MS = 5 * 60_000;
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

const amzDate = (at: number): string => new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');

/** Null for a signature of this time. */
function wrongTime(signedAt: string, now: number): Refusal | null {
  const iso = signedAt.replace(AMZ_DATE, '$1-$2-$3T$4:$5:$6Z');
  const at = Date.parse(iso);
  if (!AMZ_DATE.test(signedAt) || Number.isNaN(at)) return mismatch();
  if (Math.abs(at - now) <= WINDOW_MS) return null;
  const late = at < now;
  const bound = `${amzDate(late ? now - WINDOW_MS : now + WINDOW_MS)} (${amzDate(now)} ${late ? '-' : '+'} 5 min.)`;
  const message = late
    ? `Signature expired: ${signedAt} is now earlier than ${bound}`
    : `Signature not yet current: ${signedAt} is still later than ${bound}`;
  return exception(403, message, 'InvalidSignatureException');
}

/** A key's value is `ACCESS_KEY:SECRET`, or `ACCESS_KEY:SECRET:SESSION_TOKEN`. */
function signedCaller(state: ProviderState, request: IncomingMessage, signed: Signed): Caller {
  const owner = state.pairOf(signed.accessKey);
  if (owner === null) return refused(bedrockFace.unknownKey(signed.accessKey, ''));
  const [, secret = '', ...rest] = owner.value.split(':');
  const session = rest.join(':');
  if (headerOf(request, 'x-amz-security-token') !== session) {
    return refused(bedrockFace.unknownKey(signed.accessKey, ''));
  }
  const unsigned = !signed.headers.includes('host') || !signed.headers.includes('x-amz-date');
  if (unsigned || signed.service !== 'bedrock') return refused(mismatch());
  return {
    ...known(owner),
    wrongBody: (body) => {
      const late = wrongTime(headerOf(request, 'x-amz-date'), state.clock.wallNow());
      if (late !== null) return late;
      const claimed = request.headers['x-amz-content-sha256'];
      const forged = typeof claimed === 'string' && claimed !== sha(body);
      const expected = Buffer.from(signatureOf(request, signed, secret, body));
      const same = timingSafeEqual(expected, Buffer.from(signed.signature));
      return forged || !same ? mismatch() : null;
    },
  };
}

export function callerOf(state: ProviderState, request: IncomingMessage): Caller {
  const { authorization } = request.headers;
  if (authorization === undefined) return refused(bedrockFace.unknownKey(null, ''));
  const bearer = /^bearer +(\S+)$/i.exec(authorization)?.[1];
  if (bearer !== undefined) {
    const owner = state.ownerOf(bearer);
    if (owner !== null) return known(owner);
    const message = 'Authentication failed: Please make sure your API Key is valid.';
    return refused(exception(403, message));
  }
  const signed = signedBy(authorization);
  if (signed !== null) return signedCaller(state, request, signed);
  const message =
    'Authorization header requires Credential, SignedHeaders and Signature parameters.';
  return refused(exception(403, message, 'IncompleteSignatureException'));
}
