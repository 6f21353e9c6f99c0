/** Settings for CA keys that are not in the database, and for the keys that encrypt the master key. */
import {
  keyStorageStandards,
  keyStoreNames,
  kmsKeyArn,
  nonEmpty,
  oneOf,
  regionName,
  secureUrl,
  tokenLabel,
} from './parse-values.ts'
import { setting } from './setting.ts'

/** The settings in this file are part of the table in settings-table.ts. */
export const keySettings = {
  masterKeyKms: setting(
    'ARN',
    'symmetric AWS KMS key that encrypts the master key; the master key file then contains only the ciphertext',
    kmsKeyArn,
  ),
  masterKeyPkcs11: setting(
    'LABEL',
    'label of the AES-256 or RSA key in the PKCS #11 token that encrypts the master key; the master key file then contains only the ciphertext',
    tokenLabel,
  ),
  caKeys: setting(
    'STORE',
    'store for the keys of new CAs: local (encrypted in the database), pkcs11 (in a token), or kms (AWS KMS)',
    oneOf(keyStoreNames),
    'local',
  ),
  keyStorageStandards: setting(
    'STANDARD=STORE,...',
    'store for the keys of new CAs, for each KeyStorageSecurityStandard; other standards are refused (default: --ca-keys for all standards)',
    keyStorageStandards,
  ),
  pkcs11Module: setting(
    'FILE',
    'PKCS #11 module (shared library) for the token that contains the CA keys or the key that encrypts the master key',
    nonEmpty,
  ),
  pkcs11Token: setting('LABEL', 'label of the PKCS #11 token', tokenLabel),
  pkcs11PinFile: setting('FILE', "file whose first line is the token's user PIN", nonEmpty),
  kmsEndpoint: setting('URL', 'URL of a service with the AWS KMS API (default: AWS)', secureUrl),
  kmsRegion: setting('REGION', 'Region in which AWS KMS creates the keys of new CAs', regionName),
} as const
