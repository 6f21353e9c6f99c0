/**
 * Keys in a token that encrypt a server's master key, with AES-256-GCM or RSA-OAEP. Encryption with RSA takes place outside the
 * token, with the public key. Calls to the module block the thread. All functions throw TokenFailure or an error from the
 * module.
 */
import { constants, createPublicKey, publicEncrypt } from 'node:crypto'
import type { Handle, Mechanism } from 'pkcs11js'
import { systemRandom } from '../../random.ts'
import type { TokenConnection } from './connection.ts'
import { TokenFailure } from './failure.ts'
import { subjectPublicKeyInfo } from './key-kinds.ts'
import { findObjects, readAttributes } from './objects.ts'
import { returnValueOf } from './return-values.ts'

/**
 * Mechanisms for encrypting the master key. OAEP with SHA-1 is as secure as OAEP with SHA-256, and some tokens support only one
 * of the two hashes.
 */
export const wrapMechanisms = ['aes-gcm', 'rsa-oaep-sha256', 'rsa-oaep-sha1'] as const
export type WrapMechanism = (typeof wrapMechanisms)[number]

/** An encrypted value. With `aes-gcm`, the bytes consist of the IV, the ciphertext and the tag. */
export interface WrappedValue {
  readonly mechanism: WrapMechanism
  readonly ciphertext: Uint8Array
}

const purpose = Buffer.from('signet master-key')
const [ivBytes, tagBytes] = [12, 16]
const aesBytes = 32
const modulusBytesMin = 256
/** Maximum length of an encrypted value: the length with an 8192-bit RSA key. */
const valueBytesMax = 1024
const oaepHashes = { 'rsa-oaep-sha256': 'sha256', 'rsa-oaep-sha1': 'sha1' } as const

interface WrappingKey {
  readonly object: Handle
  /** RSA public key in DER, or undefined for an AES key. */
  readonly publicKey: Uint8Array | undefined
}

/** Encrypts a value. The function decrypts the encrypted value once, so that only values that can be decrypted are stored. */
export function wrapValue(
  connection: TokenConnection,
  label: string,
  value: Uint8Array,
): WrappedValue {
  const key = findKey(connection, label)
  const mechanisms = wrapMechanisms.filter(
    (name) => (name === 'aes-gcm') === (key.publicKey === undefined),
  )
  let failure: unknown
  for (const mechanism of mechanisms)
    try {
      const ciphertext = encrypt(connection, key, { mechanism, value })
      const decrypted = decrypt(connection, key, { mechanism, ciphertext })
      if (Buffer.compare(decrypted, value) === 0) return { mechanism, ciphertext }
      failure = new TokenFailure(
        'invalid',
        `the key ${label} cannot decrypt the value that it encrypted`,
      )
    } catch (error) {
      failure = error
    }
  throw failure
}

/** Decrypts an encrypted value. */
export function unwrapValue(
  connection: TokenConnection,
  label: string,
  wrapped: WrappedValue,
): Uint8Array {
  const key = findKey(connection, label)
  if ((wrapped.mechanism === 'aes-gcm') !== (key.publicKey === undefined))
    throw new TokenFailure('invalid', `the key ${label} in the token has a different type`)
  return decrypt(connection, key, wrapped)
}

function encrypt(
  { library, module, session }: TokenConnection,
  { object, publicKey }: WrappingKey,
  { mechanism, value }: { readonly mechanism: WrapMechanism; readonly value: Uint8Array },
): Uint8Array {
  if (mechanism !== 'aes-gcm') {
    const key = createPublicKey({
      key: Buffer.from(publicKey ?? []),
      format: 'der',
      type: 'spki',
    })
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    return publicEncrypt({ key, padding, oaepHash: oaepHashes[mechanism] }, value)
  }
  const iv = Buffer.from(systemRandom.bytes(ivBytes))
  module.C_EncryptInit(session, gcm(library, iv), object)
  const output = module.C_Encrypt(session, Buffer.from(value), Buffer.alloc(valueBytesMax))
  return Buffer.concat([iv, output])
}

function decrypt(
  { library, module, session }: TokenConnection,
  { object }: WrappingKey,
  { mechanism, ciphertext }: WrappedValue,
): Uint8Array {
  const isGcm = mechanism === 'aes-gcm'
  const bytes = Buffer.from(ciphertext)
  const parameters = isGcm
    ? gcm(library, bytes.subarray(0, ivBytes))
    : oaep(library, oaepHashes[mechanism])
  const output = Buffer.alloc(valueBytesMax)
  try {
    module.C_DecryptInit(session, parameters, object)
    const input = isGcm ? Buffer.from(bytes.subarray(ivBytes)) : bytes
    return Uint8Array.from(module.C_Decrypt(session, input, output))
  } catch (error) {
    if (returnValueOf(error) === undefined) throw error
    // Modules report a wrong ciphertext with various return values. If the session still works, the ciphertext has caused the
    // error.
    module.C_GetAttributeValue(session, object, [{ type: library.CKA_LABEL }])
    const reason = (error as Error).message
    throw new TokenFailure('invalid', `the token cannot decrypt the value (${reason})`, {
      cause: error,
    })
  } finally {
    output.fill(0)
  }
}

function gcm(library: TokenConnection['library'], iv: Buffer): Mechanism {
  const parameter = {
    type: library.CK_PARAMS_AES_GCM,
    iv,
    aad: purpose,
    ivBits: ivBytes * 8,
    tagBits: tagBytes * 8,
  }
  return { mechanism: library.CKM_AES_GCM, parameter }
}

function oaep(library: TokenConnection['library'], hash: 'sha1' | 'sha256'): Mechanism {
  const [hashAlg, mgf] =
    hash === 'sha1'
      ? [library.CKM_SHA_1, library.CKG_MGF1_SHA1]
      : [library.CKM_SHA256, library.CKG_MGF1_SHA256]
  // The source of the OAEP encoding parameter is empty data (CKZ_DATA_SPECIFIED).
  const parameter = { type: library.CK_PARAMS_RSA_OAEP, hashAlg, mgf, source: 1 }
  return { mechanism: library.CKM_RSA_PKCS_OAEP, parameter }
}

/** Finds the only AES key or private RSA key with a label. Refuses a key that is too short or can leave the token. */
function findKey(connection: TokenConnection, label: string): WrappingKey {
  const { library } = connection
  const classes = [library.CKO_SECRET_KEY, library.CKO_PRIVATE_KEY]
  const objects = classes.flatMap((one) =>
    findObjects(connection, one, [{ type: library.CKA_LABEL, value: label }]),
  )
  const [object] = objects
  if (object === undefined)
    throw new TokenFailure('not-found', `the token does not have the key ${label}`)
  const refuse = (problem: string): never => {
    throw new TokenFailure('invalid', `the key ${label} in the token ${problem}`)
  }
  if (objects.length > 1) return refuse(`exists ${objects.length} times; labels must be unique`)
  const read = (...types: readonly number[]): Buffer[] => readAttributes(connection, object, types)
  const { CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_KEY_TYPE } = library
  const [sensitive, extractable, type] = read(CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_KEY_TYPE)
  if (sensitive?.[0] !== 1 || extractable?.[0] !== 0)
    return refuse(
      'is extractable or not sensitive; create a key with CKA_SENSITIVE and without CKA_EXTRACTABLE',
    )
  const keyType = type?.readUInt32LE(0)
  if (keyType === library.CKK_AES) {
    const [length] = read(library.CKA_VALUE_LEN)
    return length?.readUInt32LE(0) === aesBytes
      ? { object, publicKey: undefined }
      : refuse('must be an AES key of 256 bits')
  }
  if (keyType !== library.CKK_RSA) return refuse('must be an AES-256 or RSA key')
  const [modulus = Buffer.of(), publicExponent = Buffer.of()] = read(
    library.CKA_MODULUS,
    library.CKA_PUBLIC_EXPONENT,
  )
  return modulus.length >= modulusBytesMin
    ? { object, publicKey: subjectPublicKeyInfo({ type: 'rsa', modulus, publicExponent }) }
    : refuse('must be an RSA key of at least 2048 bits')
}
