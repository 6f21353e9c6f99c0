/** Values that are passed to PKCS #11 modules, such as object attributes and templates. */
import type * as pkcs11js from 'pkcs11js'
import type { Handle, PKCS11, Template } from 'pkcs11js'
import type { KeyKind } from './key-kinds.ts'

/** The Node.js package pkcs11js. */
export type Library = typeof pkcs11js

/** Attributes that identify a key pair in its token. */
export interface KeyName {
  /** CKA_LABEL attribute. */
  readonly label: string
  /** CKA_ID attribute. */
  readonly id: Uint8Array
}

/** A mechanism that a module supports. */
interface Mechanism {
  readonly name: string
  readonly value: number
}

/**
 * Mechanisms for each key type. The mechanisms and constants for ML-DSA are from PKCS #11 3.2, which pkcs11js does not support.
 */
export const mechanisms: Readonly<
  Record<KeyKind['type'], { readonly generation: Mechanism; readonly signing: Mechanism }>
> = {
  rsa: {
    generation: { name: 'CKM_RSA_PKCS_KEY_PAIR_GEN', value: 0x00 },
    signing: { name: 'CKM_RSA_PKCS', value: 0x01 },
  },
  ec: {
    generation: { name: 'CKM_EC_KEY_PAIR_GEN', value: 0x10_40 },
    signing: { name: 'CKM_ECDSA', value: 0x10_41 },
  },
  'ml-dsa': {
    generation: { name: 'CKM_ML_DSA_KEY_PAIR_GEN', value: 0x1c },
    signing: { name: 'CKM_ML_DSA', value: 0x1d },
  },
}

/** CKK_ML_DSA key type. */
export const mlDsaKeyType = 0x4a
/** CKA_PARAMETER_SET attribute. */
export const parameterSetAttribute = 0x6_1d

const publicExponent = Buffer.from([0x01, 0x00, 0x01])

/** Returns the attributes that identify the objects of a key pair. */
export function attributesOf(library: Library, { label, id }: KeyName): Template {
  return [
    { type: library.CKA_LABEL, value: label },
    { type: library.CKA_ID, value: Buffer.from(id) },
  ]
}

/** Returns the attributes of a new public key. */
export function publicTemplate(library: Library, name: KeyName, kind: KeyKind): Template {
  return [
    ...attributesOf(library, name),
    { type: library.CKA_TOKEN, value: true },
    { type: library.CKA_VERIFY, value: true },
    ...kindTemplate(library, kind),
  ]
}

function kindTemplate(library: Library, kind: KeyKind): Template {
  if (kind.type === 'ec')
    return [{ type: library.CKA_EC_PARAMS, value: Buffer.from(kind.parametersDer) }]
  if (kind.type === 'ml-dsa') return [{ type: parameterSetAttribute, value: kind.parameterSet }]
  return [
    { type: library.CKA_MODULUS_BITS, value: kind.modulusBits },
    { type: library.CKA_PUBLIC_EXPONENT, value: publicExponent },
  ]
}

/** Returns the attributes of a new private key, which can only sign and never leaves the token. */
export function privateTemplate(library: Library, name: KeyName, kind: KeyKind): Template {
  return [
    ...attributesOf(library, name),
    { type: library.CKA_TOKEN, value: true },
    { type: library.CKA_PRIVATE, value: true },
    { type: library.CKA_SENSITIVE, value: true },
    { type: library.CKA_EXTRACTABLE, value: false },
    { type: library.CKA_SIGN, value: true },
    // By default, some tokens allow RSA keys to decrypt as well.
    ...(kind.type === 'rsa'
      ? [
          { type: library.CKA_DECRYPT, value: false },
          { type: library.CKA_UNWRAP, value: false },
        ]
      : []),
  ]
}

/** Closes a session. If the token was removed, the session may already be closed. */
export function closeSession(module: PKCS11, session: Handle): void {
  try {
    module.C_CloseSession(session)
  } catch {
    // A token closes its sessions when it is removed.
  }
}
