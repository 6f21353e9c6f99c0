/** The port to CA private keys: made, used and erased behind it; private key bytes never come out. */
import type { KeyAlgorithm, SigningAlgorithm } from '../authority/algorithms.ts'

/** Where a key is, as a URI: `local:<name>` today; `pkcs11:…` and `kms:…` later. */
export type KeyHandle = string

export interface CreatedKey {
  readonly handle: KeyHandle
  /** DER of SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). */
  readonly subjectPublicKeyInfo: Uint8Array
}

/** All methods may be called concurrently. None holds up its thread for more than some milliseconds. */
export interface KeyStore {
  /**
   * Makes a key pair, durable once resolved. Asking again for the same name and algorithm returns the key that is
   * there, so that an interrupted creation can be repeated.
   */
  create(name: string, algorithm: KeyAlgorithm): Promise<CreatedKey>
  /**
   * Signs `message` (not its digest). Returns the content of the signature BIT STRING: RSA PKCS#1 v1.5 as bytes,
   * ECDSA as DER of ECDSA-Sig-Value. Throws KeyNotFoundError or KeyUnavailableError.
   */
  sign(handle: KeyHandle, algorithm: SigningAlgorithm, message: Uint8Array): Promise<Uint8Array>
  /** Erases the key for good. Erasing a key that is gone is not an error. */
  destroy(handle: KeyHandle): Promise<void>
}

/** The key was erased, or never existed. */
export class KeyNotFoundError extends Error {
  override name = 'KeyNotFoundError'
}

/** The key exists but cannot be used now: its store is away or does not open it. */
export class KeyUnavailableError extends Error {
  override name = 'KeyUnavailableError'
}

/** No key of that algorithm can be made here. */
export class UnsupportedKeyAlgorithmError extends Error {
  override name = 'UnsupportedKeyAlgorithmError'
}
