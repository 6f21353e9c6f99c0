/** Values that are passed to PKCS #11 modules: attributes and templates of objects. */
import type * as pkcs11js from 'pkcs11js'
import type { Handle, PKCS11, Template } from 'pkcs11js'
import type { KeyKind } from './key-kinds.ts'

/** The package pkcs11js. */
export type Library = typeof pkcs11js

/** Attributes that identify a key pair in its token. */
export interface KeyName {
  /** CKA_LABEL. */
  readonly label: string
  /** CKA_ID. */
  readonly id: Uint8Array
}

const publicExponent = Buffer.from([0x01, 0x00, 0x01])

/** Attributes that find the objects of a key pair. */
export function attributesOf(library: Library, { label, id }: KeyName): Template {
  return [
    { type: library.CKA_LABEL, value: label },
    { type: library.CKA_ID, value: Buffer.from(id) },
  ]
}

/** Attributes of a new public key. */
export function publicTemplate(library: Library, name: KeyName, kind: KeyKind): Template {
  return [
    ...attributesOf(library, name),
    { type: library.CKA_TOKEN, value: true },
    { type: library.CKA_VERIFY, value: true },
    ...(kind.type === 'rsa'
      ? [
          { type: library.CKA_MODULUS_BITS, value: kind.modulusBits },
          { type: library.CKA_PUBLIC_EXPONENT, value: publicExponent },
        ]
      : [{ type: library.CKA_EC_PARAMS, value: Buffer.from(kind.parametersDer) }]),
  ]
}

/** Attributes of a new private key, which only signs and never leaves the token. */
export function privateTemplate(library: Library, name: KeyName, kind: KeyKind): Template {
  return [
    ...attributesOf(library, name),
    { type: library.CKA_TOKEN, value: true },
    { type: library.CKA_PRIVATE, value: true },
    { type: library.CKA_SENSITIVE, value: true },
    { type: library.CKA_EXTRACTABLE, value: false },
    { type: library.CKA_SIGN, value: true },
    // The defaults of some tokens also let RSA keys decrypt.
    ...(kind.type === 'rsa'
      ? [
          { type: library.CKA_DECRYPT, value: false },
          { type: library.CKA_UNWRAP, value: false },
        ]
      : []),
  ]
}

/** Closes a session. A session of a removed token may be closed already. */
export function closeSession(module: PKCS11, session: Handle): void {
  try {
    module.C_CloseSession(session)
  } catch {
    // The token has closed it.
  }
}
