/** Values that are passed to PKCS #11 modules and returned by them: templates of objects, and return values. */
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

/** Return values after which another call, or another session, would fail in the same way. */
export const permanentCodes: ReadonlySet<number> = new Set([
  0x07, // CKR_ARGUMENTS_BAD
  0x10, // CKR_ATTRIBUTE_READ_ONLY
  0x11, // CKR_ATTRIBUTE_SENSITIVE
  0x12, // CKR_ATTRIBUTE_TYPE_INVALID
  0x13, // CKR_ATTRIBUTE_VALUE_INVALID
  0x20, // CKR_DATA_INVALID
  0x21, // CKR_DATA_LEN_RANGE
  0x54, // CKR_FUNCTION_NOT_SUPPORTED
  0x62, // CKR_KEY_SIZE_RANGE
  0x63, // CKR_KEY_TYPE_INCONSISTENT
  0x68, // CKR_KEY_FUNCTION_NOT_PERMITTED
  0x70, // CKR_MECHANISM_INVALID
  0x71, // CKR_MECHANISM_PARAM_INVALID
  0xd0, // CKR_TEMPLATE_INCOMPLETE
  0xd1, // CKR_TEMPLATE_INCONSISTENT
  0xe2, // CKR_TOKEN_WRITE_PROTECTED
])

/** Return values of a key generation that the token does not support. */
export const unsupportedCodes: ReadonlySet<number> = new Set([
  0x62, // CKR_KEY_SIZE_RANGE
  0x70, // CKR_MECHANISM_INVALID
  0x130, // CKR_DOMAIN_PARAMS_INVALID
  0x140, // CKR_CURVE_NOT_SUPPORTED
])

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
