import { createPrivateKey } from 'node:crypto';
import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import type { Secret } from '@keywell/core/secret/secret';
import { awsRegionOf, readCredential } from '@keywell/providers/compatible/credential';
import type { Vendor } from '@keywell/providers/compatible/vendor';

/** What is wrong with a key's value as a credential of its vendor; says nothing of what it is. */
export function credentialProblems(
  value: Secret,
  at: {
    readonly vendor: Vendor;
    readonly baseUrl: string | null;
    readonly path: ConfigProblem['path'];
  },
): readonly ConfigProblem[] {
  const problem = (message: string, hint: string): readonly ConfigProblem[] => [
    { path: [...at.path, 'value'], at: 'value', message, hint },
  ];
  const reading = readCredential(value.reveal(), at.vendor.credentials);
  if (!reading.ok) return problem(reading.message, reading.hint);
  const { credential } = reading;
  if (credential.kind === 'google_service_account' && !isRsaKey(credential.privateKey))
    return problem(
      'The private_key of the Google service account is no RSA key that can be read.',
      'Write the whole JSON file that Google gave for the key, its line ends in private_key as \\n.',
    );
  if (credential.kind === 'aws_access_key' && credential.region === null) {
    if (awsRegionOf(at.baseUrl ?? '') === null)
      return problem(
        'The AWS region of this key is not known: the host of the base_url names none.',
        'Write a base_url such as "https://bedrock-runtime.eu-central-1.amazonaws.com", or the credential as JSON with a region.',
      );
  }
  return [];
}

function isRsaKey(pem: Secret): boolean {
  try {
    return createPrivateKey(pem.reveal()).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
