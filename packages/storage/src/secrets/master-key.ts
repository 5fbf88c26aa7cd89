/**
 * The key that seals every secret at rest. It lives in a file of its own, is made once and is never made again while something may still
 * be sealed with the former one. AES-256-GCM with a fresh 96-bit nonce a message (NIST SP 800-38D); purpose and row are authenticated,
 * so that a sealed value opens nowhere but where it was put.
 */
import {
  type KeyObject,
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
} from 'node:crypto';
import { Secret } from '@keywell/core/secret/secret';
import { createPrivateFile, readPrivateFile } from '../private-file.ts';
import type { SettingStore } from '../settings/setting-store.ts';
import { StorageError } from '../storage-error.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = 'kwenc:v1';
/** Name of the setting that remembers which key this installation seals with. */
const KEY_ID_SETTING = 'master-key-id';
const KEY_TEXT = /^[A-Za-z0-9+/]{43}=$/;

/** Where a sealed value belongs: what it is used for, and the row that holds it. */
export interface SealedPlace {
  readonly purpose: string;
  readonly rowId: string;
}

export type Opened =
  | { readonly ok: true; readonly secret: Secret }
  | { readonly ok: false; readonly message: string };

/** Seals and opens; the key itself never leaves it. */
export interface MasterKey {
  /** Names the key, reveals nothing of it. */
  readonly id: string;
  /** `kwenc:v1:<key id>:<base64url of nonce, ciphertext and tag>`. */
  seal(secret: Secret, place: SealedPlace): string;
  open(sealed: string, place: SealedPlace): Opened;
}

/**
 * Reads the key, or makes one where none ever was. Throws StorageError when the file can be read by others, does not hold a key, is
 * missing although `settings` remember a key, or holds another key than that.
 */
export async function openMasterKey(options: {
  readonly file: string;
  readonly settings: SettingStore;
}): Promise<MasterKey> {
  const { file, settings } = options;
  const knownId = await settings.get(KEY_ID_SETTING);
  let text = readPrivateFile(file, 4096);
  if (text === null) {
    if (knownId !== null) {
      throw new StorageError(
        'key_missing',
        file,
        `${file} is missing, but secrets of this installation are sealed with it (key ${knownId}). Put the file back from a backup.`,
      );
    }
    createPrivateFile(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    text = readPrivateFile(file, 4096) ?? '';
  }
  const key = masterKeyOf(file, text);
  const rememberedId = await settings.setOnce(KEY_ID_SETTING, key.id);
  if (rememberedId !== key.id) {
    throw new StorageError(
      'key_mismatch',
      file,
      `${file} holds key ${key.id}, but secrets of this installation are sealed with key ${rememberedId}. Put the right file back from a backup.`,
    );
  }
  return key;
}

/** Whether a stored value was sealed by a master key. */
export function isSealed(value: string): boolean {
  return value.startsWith('kwenc:');
}

function masterKeyOf(file: string, text: string): MasterKey {
  const line = text.trim();
  const bytes = Buffer.from(line, 'base64');
  if (!KEY_TEXT.test(line) || bytes.length !== KEY_BYTES) {
    throw new StorageError(
      'corrupt',
      file,
      `${file} does not hold a master key (${KEY_BYTES} bytes in base64). Put the right file back from a backup.`,
    );
  }
  const key = createSecretKey(bytes);
  const id = createHash('sha256')
    .update('keywell master key\0')
    .update(bytes)
    .digest('hex')
    .slice(0, 16);
  bytes.fill(0);
  return Object.freeze({
    id,
    seal: (secret: Secret, place: SealedPlace) => seal(key, id, secret, place),
    open: (sealed: string, place: SealedPlace) => open(key, id, sealed, place),
  });
}

function seal(key: KeyObject, id: string, secret: Secret, place: SealedPlace): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(id, place));
  const body = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()]);
  const whole = Buffer.concat([nonce, body, cipher.getAuthTag()]);
  return `${FORM}:${id}:${whole.toString('base64url')}`;
}

function open(key: KeyObject, id: string, sealed: string, place: SealedPlace): Opened {
  const [scheme, version, sealedWith, data, ...rest] = sealed.split(':');
  if (`${scheme}:${version}` !== FORM || data === undefined || rest.length > 0) {
    return { ok: false, message: `the value is not in the form ${FORM}:<key id>:<data>` };
  }
  if (sealedWith !== id) {
    return { ok: false, message: `it is sealed with key ${sealedWith}, the present key is ${id}` };
  }
  const whole = Buffer.from(data, 'base64url');
  if (whole.length < NONCE_BYTES + TAG_BYTES) return { ok: false, message: 'it is cut short' };
  try {
    const nonce = whole.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(id, place));
    decipher.setAuthTag(whole.subarray(whole.length - TAG_BYTES));
    const body = whole.subarray(NONCE_BYTES, whole.length - TAG_BYTES);
    const text = Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    return { ok: true, secret: new Secret(text) };
  } catch {
    return { ok: false, message: 'it was changed, or belongs to another place' };
  }
}

function boundTo(id: string, place: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([FORM, id, place.purpose, place.rowId]), 'utf8');
}
